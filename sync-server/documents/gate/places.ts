import * as Y from 'yjs';

/** Where an item stands: under a key of a root map, or in a root text. */
export interface Place {
	readonly root: string;
	readonly key: string | null;
}

/**
 * Finds the place of items, of the document and of an update that is not applied yet. An item that was
 * written beside another one carries no place of its own on the wire, only whom it stands beside; so the
 * update's items are taken up in the order in which they would be integrated.
 */
export class Places {
	readonly #store: Y.Doc['store'];
	readonly #share: Y.Doc['share'];
	readonly #roots = new Map<unknown, string>();
	readonly #added = new Map<number, { start: number; end: number; place: Place }[]>();

	constructor({ store, share }: Y.Doc) {
		this.#store = store;
		this.#share = share;
	}

	/** Takes up an item of the update; undefined where it has no place or two of them. */
	add(item: Y.Item): Place | undefined {
		const place = this.#placeOfNew(item);
		if (!place) return undefined;
		const { client, clock } = item.id;
		const range = { start: clock, end: clock + item.length, place };
		const ranges = this.#added.get(client);
		if (ranges) ranges.push(range);
		else this.#added.set(client, [range]);
		return place;
	}

	#placeOfNew(item: Y.Item): Place | undefined {
		// Decoded, not integrated: here `parent` is a root's name, the id of a nested type, or null.
		const parent = item.parent as unknown;
		if (typeof parent === 'string') return { root: parent, key: item.parentSub };
		if (parent !== null) return undefined;
		const left = item.origin && this.#at(item.origin);
		const right = item.rightOrigin && this.#at(item.rightOrigin);
		if (left && right && (left.root !== right.root || left.key !== right.key)) return undefined;
		if ((item.origin && !left) || (item.rightOrigin && !right)) return undefined;
		return left ?? right ?? undefined;
	}

	#at({ client, clock }: Y.ID): Place | undefined {
		const ranges = this.#added.get(client);
		if (ranges && clock >= ranges[0]!.start) return findRange(ranges, clock)?.place;
		const structs = this.#store.clients.get(client);
		if (!structs || clock >= Y.getState(this.#store, client)) return undefined;
		const struct = structs[Y.findIndexSS(structs, clock)];
		return struct instanceof Y.Item ? this.of(struct) : undefined;
	}

	/** The place of an item of the document. */
	of(item: Y.Item): Place | undefined {
		if (!this.#roots.has(item.parent))
			for (const [name, type] of this.#share) this.#roots.set(type, name);
		const root = this.#roots.get(item.parent);
		return root === undefined ? undefined : { root, key: item.parentSub };
	}
}

function findRange<T extends { start: number; end: number }>(
	ranges: readonly T[],
	clock: number,
): T | undefined {
	let low = 0;
	let high = ranges.length - 1;
	while (low <= high) {
		const middle = (low + high) >> 1;
		const range = ranges[middle]!;
		if (clock < range.start) high = middle - 1;
		else if (clock >= range.end) low = middle + 1;
		else return range;
	}
	return undefined;
}
