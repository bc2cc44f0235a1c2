/** One write of a key: which it was, and whether it took the key away. */
interface Write {
	readonly number: number;
	readonly isDeleted: boolean;
}

interface Key {
	/** What a restarted server served last: from then on it may not be lost either. */
	base: Write;
	/** What was written since. */
	writes: Write[];
}

/**
 * What a writer was promised: each key holds its last acknowledged write, or one of the same writer after it.
 * Values are the numbers of their writes.
 */
export class Promises {
	readonly #keys = new Map<string, Key>();

	wrote(key: string, number: number, isDeleted = false): void {
		const known = this.#keys.get(key);
		if (known) known.writes.push({ number, isDeleted });
		else
			this.#keys.set(key, {
				base: { number: -1, isDeleted: true },
				writes: [{ number, isDeleted }],
			});
	}

	/** The keys that hold less than was promised, when everything up to a write was acknowledged. */
	broken(upTo: number, read: (key: string) => number | undefined): string[] {
		const broken: string[] = [];
		for (const [name, key] of this.#keys) {
			const last = key.writes.findLastIndex(({ number }) => number <= upTo);
			const allowed = last < 0 ? [key.base, ...key.writes] : key.writes.slice(last);
			const survived = read(name);
			const found = allowed.findLast(({ number, isDeleted }) =>
				isDeleted ? survived === undefined : survived === number,
			);
			if (!found) broken.push(name);
			key.base = found ?? { number: survived ?? -1, isDeleted: survived === undefined };
			key.writes = [];
		}
		return broken;
	}
}
