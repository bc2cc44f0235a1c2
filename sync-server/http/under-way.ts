/** Requests that are being answered, also those whose client has gone: what they use stays open until they end. */
export class UnderWay {
	readonly #works = new Set<Promise<void>>();

	/** Does a piece of work, and knows of it until it ends. It must not reject. */
	begin(work: Promise<void> | void): void {
		if (!work) return;
		const known = work.finally(() => this.#works.delete(known));
		this.#works.add(known);
	}

	/** Resolves when everything that was begun has ended. */
	async over(): Promise<void> {
		while (this.#works.size > 0) await Promise.all(this.#works);
	}
}
