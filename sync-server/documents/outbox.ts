import type { WebSocket } from 'ws';

const lagBytes = 1024 * 1024;
const drainedBytes = 256 * 1024;
const overflowBytes = 24 * 1024 * 1024;
const stallMs = 30_000;

interface Lag {
	/** What the reader has: the diff it gets when it is back starts here. */
	readonly stateVector: Uint8Array;
	lowestBytes: number;
	since: number;
}

/**
 * What goes out on one socket, in bounded memory (S9). A reader that is more than 1 MB behind gets no more
 * changes; when it has caught up it gets one diff. One that takes nothing for 30 s is cut off.
 */
export class Outbox {
	readonly #socket: WebSocket;
	readonly #now: () => number;
	readonly #lagged: () => void;
	readonly #caughtUp: (stateVector: Uint8Array) => void;
	#lag: Lag | undefined;

	constructor(options: {
		socket: WebSocket;
		now: () => number;
		lagged: () => void;
		caughtUp: (stateVector: Uint8Array) => void;
	}) {
		this.#socket = options.socket;
		this.#now = options.now;
		this.#lagged = options.lagged;
		this.#caughtUp = options.caughtUp;
	}

	/** True while changes are held back. */
	get isLagging(): boolean {
		return this.#lag !== undefined;
	}

	/** Sends an answer, whatever waits. */
	send(frame: Uint8Array): void {
		if (this.#socket.readyState !== this.#socket.OPEN) return;
		this.#socket.send(frame, { binary: true, compress: false }, this.#flushed);
	}

	/** Sends a change, or notes that the reader lags. */
	sendChange(frame: Uint8Array, before: () => Uint8Array): void {
		if (this.#lag) return;
		if (this.#socket.bufferedAmount <= lagBytes) return this.send(frame);
		this.#lagged();
		this.#lag = {
			stateVector: before(),
			lowestBytes: this.#socket.bufferedAmount,
			since: this.#now(),
		};
	}

	/** Sends what may be left out. */
	sendHint(frame: Uint8Array): void {
		if (!this.#lag) this.send(frame);
	}

	/** True when the reader takes nothing any more. Called now and then. */
	isStalled(): boolean {
		if (this.#socket.bufferedAmount > overflowBytes) return true;
		if (!this.#lag) return false;
		if (this.#socket.bufferedAmount < this.#lag.lowestBytes) {
			this.#lag.lowestBytes = this.#socket.bufferedAmount;
			this.#lag.since = this.#now();
		}
		return this.#now() - this.#lag.since >= stallMs;
	}

	readonly #flushed = (): void => {
		if (!this.#lag || this.#socket.bufferedAmount > drainedBytes) return;
		const { stateVector } = this.#lag;
		this.#lag = undefined;
		this.#caughtUp(stateVector);
	};
}
