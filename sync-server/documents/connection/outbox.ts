import type { WebSocket } from 'ws';

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
	readonly frames: Uint8Array[];
	bytes: number;
	isOverfull: boolean;
}

/**
 * What goes out on one socket, in bounded memory (S9). A reader that is more than 1 MB behind gets no more
 * changes; when it has caught up it gets one diff. One that takes nothing for 30 s, or lets 8 MB of answers
 * pile up, is cut off.
 */
export class Outbox {
	readonly #socket: WebSocket;
	readonly #now: () => number;
	readonly #lagged: () => void;
	readonly #overflowed: () => void;
	readonly #caughtUp: (stateVector: Uint8Array) => void;
	#lag: Lag | undefined;
	#held: Held | undefined;

	constructor(options: {
		socket: WebSocket;
		now: () => number;
		lagged: () => void;
		/** It asks, and reads no answers. */
		overflowed: () => void;
		caughtUp: (stateVector: Uint8Array) => void;
	}) {
		this.#socket = options.socket;
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
	send(frame: Uint8Array): void {
		if (this.#socket.readyState !== this.#socket.OPEN) return;
		if (this.#socket.bufferedAmount > overflowBytes) return this.#overflowed();
		this.#socket.send(frame, { binary: true, compress: false }, this.#flushed);
	}

	/** Sends a change, or notes that the reader lags. */
	sendChange(frame: Uint8Array, before: () => Uint8Array): void {
		if (this.#lag) return;
		if (this.#held) return this.#hold(this.#held, frame);
		if (this.#socket.bufferedAmount <= lagBytes) return this.send(frame);
		this.#fallBehind(before());
	}

	/** Sends what may be left out. */
	sendHint(frame: Uint8Array): void {
		if (!this.#lag) this.send(frame);
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
		for (const frame of held?.frames ?? []) this.send(frame);
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
		if (this.#socket.bufferedAmount < this.#lag.lowestBytes) {
			this.#lag.lowestBytes = this.#socket.bufferedAmount;
			this.#lag.since = this.#now();
		}
		return this.#now() - this.#lag.since >= stallMs;
	}

	#hold(held: Held, frame: Uint8Array): void {
		held.isOverfull ||= held.bytes + frame.length > lagBytes;
		if (held.isOverfull) return;
		held.frames.push(frame);
		held.bytes += frame.length;
	}

	#fallBehind(stateVector: Uint8Array): void {
		this.#lagged();
		this.#lag = { stateVector, lowestBytes: this.#socket.bufferedAmount, since: this.#now() };
	}

	readonly #flushed = (): void => {
		if (!this.#lag || this.#socket.bufferedAmount > drainedBytes) return;
		const { stateVector } = this.#lag;
		this.#lag = undefined;
		this.#caughtUp(stateVector);
	};
}
