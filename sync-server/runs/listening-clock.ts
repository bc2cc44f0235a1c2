import { leaseMs } from '#shared/api/runner-protocol.ts';

/** A clock that moves so much against the time was set, or the machine slept. */
const stepMs = 5000;

interface Look {
	readonly now: number;
	/** Heartbeats have not been heard for a whole lease without a break, or not by one clock. */
	readonly isFresh: boolean;
	/** By how much the clock went ahead of the time since the start. */
	readonly aheadMs: number;
}

/** Knows since when heartbeats are heard without a break: not while the server was down or slept, nor from before its clock was set. */
export class ListeningClock {
	readonly #now: () => number;
	readonly #elapsed: () => number;
	/** What the clock says more than the time that passed. */
	#offset: number;
	#offsetAtStart: number;
	#since: number;

	constructor({
		now,
		elapsed,
	}: {
		readonly now: () => Date;
		/** Milliseconds that pass, whatever the clock is set to. */
		readonly elapsed: () => number;
	}) {
		this.#now = () => now().getTime();
		this.#elapsed = elapsed;
		this.#offset = this.#offsetAtStart = this.#now() - elapsed();
		this.#since = this.#now();
	}

	/** What the clock says. Call it every second. */
	look(): Look {
		const now = this.#now();
		const offset = now - this.#elapsed();
		if (Math.abs(offset - this.#offset) > stepMs) this.#since = now;
		this.#offset = offset;
		const isFresh = now - this.#since < leaseMs;
		return { now, isFresh, aheadMs: Math.max(0, offset - this.#offsetAtStart) };
	}
}
