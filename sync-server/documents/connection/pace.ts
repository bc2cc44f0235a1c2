/** So long everything that clients ask for may take in one turn; the last of it comes on top. */
const turnMs = 20;

/**
 * How much of what clients sent is taken up in one turn of the event loop, over all of them: a few bytes can
 * ask for much, and thousands of questions come in one packet. What is left waits, first come first served.
 */
export class Pace {
	readonly #waiting = new Set<() => void>();
	/** When this turn is over; undefined as long as nothing was taken up in it. */
	#until: number | undefined;

	/** False where the rest is for a later turn. */
	get hasTime(): boolean {
		if (this.#until !== undefined) return performance.now() < this.#until;
		this.#until = performance.now() + turnMs;
		setImmediate(() => this.#goOn());
		return true;
	}

	/** Calls back in a later turn, once however often it is asked for. */
	later(resume: () => void): void {
		this.#waiting.add(resume);
	}

	/** The connection is gone. */
	leave(resume: () => void): void {
		this.#waiting.delete(resume);
	}

	#goOn(): void {
		this.#until = undefined;
		for (const resume of this.#waiting) {
			if (!this.hasTime) return;
			this.#waiting.delete(resume);
			resume();
		}
	}
}
