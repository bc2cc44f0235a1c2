import type * as Y from 'yjs';

/**
 * Keys of a root map, grouped: which keys belong to an item, say. Built once by one scan, then kept by
 * the map's own events, so that a key press in a batch of 500 items touches one group and nothing else.
 * `groupOf` gives a key's group, by its value where the key alone does not tell; undefined leaves it out.
 * `onGroups` hears which groups changed, and whether that was done on this page.
 */
export class MapIndex<V> {
	readonly map: Y.Map<V>;
	readonly #groupOf: (key: string, value: V | undefined) => string | undefined;
	readonly #onGroups: (groups: ReadonlySet<string>, isLocal: boolean) => void;
	readonly #keys = new Map<string, Set<string>>();
	readonly #groups = new Map<string, string>();
	/** Groups that keys were taken from before the event that tells of it. */
	readonly #left = new Map<string, string>();
	readonly #onEvent: (event: Y.YMapEvent<V>) => void;

	constructor(
		map: Y.Map<V>,
		groupOf: (key: string, value: V | undefined) => string | undefined,
		onGroups: (groups: ReadonlySet<string>, isLocal: boolean) => void,
	) {
		this.map = map;
		this.#groupOf = groupOf;
		this.#onGroups = onGroups;
		for (const [key, value] of map.entries()) this.#place(key, value);
		this.#onEvent = (event) => {
			const changed = new Set<string>();
			for (const key of event.keysChanged as ReadonlySet<string>) {
				for (const group of [this.#groups.get(key), this.#left.get(key)])
					if (group !== undefined) changed.add(group);
				const after = map.has(key) ? this.#place(key, map.get(key)) : this.#remove(key);
				if (after !== undefined) changed.add(after);
				this.#left.delete(key);
			}
			this.#onGroups(changed, event.transaction.local);
		};
		map.observe(this.#onEvent);
	}

	/** Writes an entry. The index knows it at once; the map's event comes only when the transaction ends. */
	set(key: string, value: V): void {
		this.map.set(key, value);
		this.#place(key, value);
	}

	/** Takes an entry away, in the map and here. */
	delete(key: string): void {
		const group = this.#groups.get(key);
		if (group !== undefined) this.#left.set(key, group);
		this.map.delete(key);
		this.#remove(key);
	}

	get(key: string): V | undefined {
		return this.map.get(key);
	}

	/** The keys of a group, in no order that means anything. */
	keysOf(group: string): ReadonlySet<string> {
		return this.#keys.get(group) ?? none;
	}

	/** The groups that have a key. */
	groups(): IterableIterator<string> {
		return this.#keys.keys();
	}

	has(group: string): boolean {
		return this.#keys.has(group);
	}

	get size(): number {
		return this.#keys.size;
	}

	close(): void {
		this.map.unobserve(this.#onEvent);
	}

	#place(key: string, value: V | undefined): string | undefined {
		this.#remove(key);
		const group = this.#groupOf(key, value);
		if (group === undefined) return undefined;
		this.#groups.set(key, group);
		const keys = this.#keys.get(group);
		if (keys) keys.add(key);
		else this.#keys.set(group, new Set([key]));
		return group;
	}

	#remove(key: string): undefined {
		const group = this.#groups.get(key);
		if (group === undefined) return;
		this.#groups.delete(key);
		const keys = this.#keys.get(group);
		keys?.delete(key);
		if (keys?.size === 0) this.#keys.delete(group);
	}
}

const none: ReadonlySet<string> = new Set();
