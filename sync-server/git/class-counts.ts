import type { Answer } from '#shared/schema/answer.ts';

/** How often each option of each tool stands in current answers, gate left out: what is judged there stays unseen. */
export class ClassCounts {
	readonly #tools = new Map<string, Map<string, number>>();

	/** Counts `by` more (or, below zero, fewer) of an answer. */
	add(answer: Answer, by: number): void {
		for (const [tool, value] of Object.entries(answer.values))
			for (const option of Array.isArray(value) ? value : [value])
				if (typeof option === 'string') this.#add(tool, option, by);
	}

	#add(tool: string, option: string, by: number): void {
		const options = this.#tools.get(tool) ?? new Map<string, number>();
		this.#tools.set(tool, options);
		options.set(option, (options.get(option) ?? 0) + by);
	}

	/** Takes over what was counted before. */
	addAll(classes: Readonly<Record<string, Readonly<Record<string, number>>>>): void {
		for (const [tool, options] of Object.entries(classes))
			for (const [option, count] of Object.entries(options)) this.#add(tool, option, count);
	}

	/** By tool and option; what stands nowhere is left out. Made so that no name is special (`__proto__`). */
	toJSON(): Record<string, Record<string, number>> {
		return Object.fromEntries(
			[...this.#tools]
				.map(([tool, options]): [string, [string, number][]] => [
					tool,
					[...options].filter(([, count]) => count > 0),
				])
				.filter(([, options]) => options.length > 0)
				.map(([tool, options]) => [tool, Object.fromEntries(options)]),
		);
	}
}
