import { LRUCache } from 'lru-cache';
import { CommandError } from '#shared/api/errors.ts';

const windowMs = 15 * 60_000;

/**
 * Slows down guessing: after so many failures within a quarter of an hour further attempts under the same
 * key are refused unseen. A success forgets them.
 */
export class AttemptLimit {
	readonly #limit: number;
	readonly #now: () => number;
	readonly #failures: LRUCache<string, number[]>;

	/** `now` counts milliseconds that pass, whatever the clock is set to. */
	constructor(limit: number, now: () => number = () => performance.now()) {
		this.#limit = limit;
		this.#now = now;
		this.#failures = new LRUCache({ max: 50_000 });
	}

	/** Throws `too_many_attempts` when any of the keys has used up its attempts. */
	admit(...keys: readonly string[]): void {
		for (const key of keys)
			if (this.#recent(key).length >= this.#limit)
				throw new CommandError('too_many_attempts', 'Too many attempts to sign in.');
	}

	failed(...keys: readonly string[]): void {
		for (const key of keys) this.#failures.set(key, [...this.#recent(key), this.#now()]);
	}

	succeeded(...keys: readonly string[]): void {
		for (const key of keys) this.#failures.delete(key);
	}

	#recent(key: string): number[] {
		const since = this.#now() - windowMs;
		return (this.#failures.get(key) ?? []).filter((at) => at > since);
	}
}
