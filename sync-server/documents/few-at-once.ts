/** Lets so many pieces of work run at once; the others wait, first come first served. */
export class FewAtOnce {
	readonly #limit: number;
	/** The first to come is the first to go; a Set, since an array is slow at its front. */
	readonly #waiting = new Set<() => void>();
	#running = 0;

	constructor(limit: number) {
		this.#limit = limit;
	}

	async run<T>(work: () => Promise<T>): Promise<T> {
		// Whoever ends hands the place on, so that nobody who comes in between takes it.
		if (this.#running >= this.#limit)
			await new Promise<void>((resolve) => this.#waiting.add(resolve));
		else this.#running++;
		try {
			return await work();
		} finally {
			const [next] = this.#waiting;
			if (next) {
				this.#waiting.delete(next);
				next();
			} else this.#running--;
		}
	}
}
