/**
 * Lets long work go on bit by bit: one bit in each turn of the event loop, whoever it belongs to, so that
 * everything else comes in between.
 */
export class Turns {
	#last: Promise<void> = Promise.resolve();

	/** Resolves when the next bit may be done. */
	next(): Promise<void> {
		this.#last = this.#last.then(() => new Promise((resolve) => setImmediate(resolve)));
		return this.#last;
	}
}
