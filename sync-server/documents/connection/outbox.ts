import type { Frame } from './frame.ts';
import type { Wire } from './wire.ts';

const lagBytes = 1024 * 1024;
const drainedBytes = 256 * 1024;
/** More than a reader in good health is ever behind: it asks and does not read. */
const overflowBytes = 8 * 1024 * 1024;
const stallMs = 30_000;

interface Lag {
	/** What the reader has: the diff it gets when it is back starts here. */
	stateVector: Uint8Array;
	lowestBytes: number;
	since: number;
}

/** Changes that wait until an answer was sent that is being computed. */
interface Held {
	readonly frames: Frame[];
	bytes: number;
	isOverfull: boolean;
}

/**
 * What goes out on one socket, in bounded memory (S9). A reader that is more than 1 MB behind gets no more
 * changes; when it has caught up it gets one diff. One that takes nothing for 30 s, or lets 8 MB of answers
 * pile up, is cut off.
 */
export class Outbox {
	readonly #wire: Wire;
	readonly #now: () => number;
	readonly #lagged: () => void;
	readonly #overflowed: () => void;
	readonly #caughtUp: (stateVector: Uint8Array) => void;
	#lag: Lag | undefined;
	#held: Held | undefined;

	constructor(options: {
		wire: Wire;
		now: () => number;
		lagged: () => void;
		/** It asks, and reads no answers. */
		overflowed: () => void;
		caughtUp: (stateVector: Uint8Array) => void;
	}) {
		this.#wire = options.wire;
		this.#now = options.now;
		this.#lagged = options.lagged;
		this.#overflowed = options.overflowed;
		this.#caughtUp = options.caughtUp;
	}

	/** True while changes are held back because the reader is behind. */
	get isLagging(): boolean {
		return this.#lag !== undefined;
	}

	/** Sends an answer, whatever waits. */
	send(message: Uint8Array): void {
		if (this.#isOverfull()) return this.#overflowed();
		this.#wire.send(message, this.#flushed);
	}

	/** Sends a change, or notes that the reader lags. */
	sendChange(frame: Frame, before: () => Uint8Array): void {
		if (this.#lag) return;
		if (this.#held) return this.#hold(this.#held, frame);
		if (this.#wire.waitingBytes <= lagBytes) return this.#write(frame);
		this.#fallBehind(before());
	}

	/** Sends what may be left out. */
	sendHint(frame: Frame): void {
		if (!this.#lag) this.#write(frame);
	}

	/** From now on changes wait, for an answer that goes before them. */
	holdChanges(): void {
		this.#held = { frames: [], bytes: 0, isOverfull: false };
	}

	/** The answer was sent: so are the changes that waited. False where they were too many; then it lags. */
	releaseChanges(stateVector: Uint8Array): boolean {
		const held = this.#held;
		this.#held = undefined;
		if (held?.isOverfull) {
			this.lagBehind(stateVector);
			return false;
		}
		for (const frame of held?.frames ?? []) this.#write(frame);
		return true;
	}

	/** The reader has this much; the rest it gets once it took what is on its way. */
	lagBehind(stateVector: Uint8Array): void {
		this.#held = undefined;
		this.#fallBehind(stateVector);
		queueMicrotask(this.#flushed);
	}

	/** A reader that lags said what it has: it gets the diff from there. */
	lagsFrom(stateVector: Uint8Array): void {
		if (this.#lag) this.#lag.stateVector = stateVector;
	}

	/** True when the reader takes nothing any more. Called now and then. */
	isStalled(): boolean {
		if (!this.#lag) return false;
		if (this.#wire.waitingBytes < this.#lag.lowestBytes) {
			this.#lag.lowestBytes = this.#wire.waitingBytes;
			this.#lag.since = this.#now();
		}
		return this.#now() - this.#lag.since >= stallMs;
	}

	/** A call when it was taken costs, and only a reader that lags waits for one. */
	#write(frame: Frame): void {
		if (this.#isOverfull()) return this.#overflowed();
		const mayLag = this.#wire.waitingBytes + frame.bytes.length > drainedBytes;
		this.#wire.write(frame, mayLag ? this.#flushed : undefined);
	}

	#isOverfull(): boolean {
		return this.#wire.isOpen && this.#wire.waitingBytes > overflowBytes;
	}

	#hold(held: Held, frame: Frame): void {
		const { length } = frame.bytes;
		held.isOverfull ||= held.bytes + length > lagBytes;
		if (held.isOverfull) return;
		held.frames.push(frame);
		held.bytes += length;
	}

	#fallBehind(stateVector: Uint8Array): void {
		this.#lagged();
		this.#lag = { stateVector, lowestBytes: this.#wire.waitingBytes, since: this.#now() };
	}

	readonly #flushed = (): void => {
		if (!this.#lag || this.#wire.waitingBytes > drainedBytes) return;
		const { stateVector } = this.#lag;
		this.#lag = undefined;
		this.#caughtUp(stateVector);
	};
}
