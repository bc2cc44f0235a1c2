/** Does one piece of work at a time for each project, in the order in which it was asked for. */
export class ProjectsInOrder {
	readonly #last = new Map<string, Promise<unknown>>();

	run<T>(project: string, work: () => Promise<T>): Promise<T> {
		const before = this.#last.get(project) ?? Promise.resolve();
		// How the work before it ended concerns whoever asked for that.
		const mine = before.then(work, work);
		this.#last.set(project, mine);
		const forget = (): void => {
			if (this.#last.get(project) === mine) this.#last.delete(project);
		};
		mine.then(forget, forget);
		return mine;
	}

	/** Resolves when nothing is under way. */
	async idle(): Promise<void> {
		while (this.#last.size > 0) await Promise.allSettled(this.#last.values());
	}
}
