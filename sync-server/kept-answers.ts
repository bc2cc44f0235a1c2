import { LRUCache } from 'lru-cache';

/**
 * Answers that were given lately, so that the same question is not asked again: who asks while it is under way
 * waits for the same answer. Neither a failure nor an answer of nothing is kept.
 */
export class KeptAnswers<T extends object> {
	readonly #kept: LRUCache<string, Promise<T | undefined>>;

	/** Of the last `most` questions, each for `keptMs` at most, or until it is forgotten. */
	constructor({ most, keptMs }: { readonly most: number; readonly keptMs?: number }) {
		this.#kept = new LRUCache({ max: most, ...(keptMs !== undefined && { ttl: keptMs }) });
	}

	/** What was answered to this question lately, else what `ask` answers. */
	get(question: string, ask: () => Promise<T | undefined>): Promise<T | undefined> {
		const known = this.#kept.get(question);
		if (known) return known;
		const asked = ask();
		this.#kept.set(question, asked);
		const forget = (): void => {
			if (this.#kept.peek(question) === asked) this.#kept.delete(question);
		};
		asked.then((answer) => answer ?? forget(), forget);
		return asked;
	}

	/** From here on everything is asked anew, also what is under way. */
	forget(): void {
		this.#kept.clear();
	}
}
