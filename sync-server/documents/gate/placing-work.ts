import * as Y from 'yjs';
import { limits } from './limits.ts';
import type { Place } from './places.ts';

/** What follows an item, or is the first of a place, after what was added. */
interface Behind {
	next: Y.ID | null;
	/** How many had been added to the place when the first one came here; -1 where none did. */
	addedBefore: number;
}

/** What was added to a place. */
interface Added {
	start: Behind | undefined;
	added: number;
	/** Those of them that saw nothing there. */
	apart: number;
}

/**
 * How many items Yjs will look at to find out where those of an update belong: none where what stands to
 * the left and right of an item is what its author saw, else everything in between. 9 kB that put 500 values
 * beside 50,000 others of one key took it four seconds. Told from the document and the update alone, and
 * never much less than Yjs will do.
 */
export class PlacingWork {
	readonly #store: Y.Doc['store'];
	readonly #share: Y.Doc['share'];
	#steps = 0;
	/** By the clocks of each client. */
	readonly #behind = new Map<number, Map<number, Behind>>();
	readonly #places = new Map<string, Added>();

	constructor({ store, share }: Y.Doc) {
		this.#store = store;
		this.#share = share;
	}

	/** So many items are looked at for all that were added. */
	get steps(): number {
		return this.#steps;
	}

	/** Takes up the next item in the order of integration; false where it is too much. */
	add(item: Y.Item, place: Place): boolean {
		const { client, clock } = item.id;
		const known = Y.getState(this.#store, client);
		const origin = known > clock ? Y.createID(client, known - 1) : item.origin;
		const at = this.#at(place);
		if (!origin && place.key !== null) {
			// Yjs goes to the first value of the key in any case.
			const { all, beside } = this.#countValues(place);
			if (beside + at.apart > limits.besideEachOther) return false;
			this.#steps += all + at.added;
			at.apart++;
		}
		const behind = origin ? this.#behindOf(origin) : (at.start ??= this.#startOf(place));
		if (Y.compareIDs(behind.next, item.rightOrigin))
			behind.next = known > clock ? Y.createID(client, known) : item.id;
		else {
			this.#steps += this.#countBetween(origin, item.rightOrigin, place);
			if (behind.addedBefore >= 0) this.#steps += at.added - behind.addedBefore;
		}
		if (behind.addedBefore < 0) behind.addedBefore = at.added;
		this.#put(item.lastId, { next: item.rightOrigin, addedBefore: -1 });
		at.added++;
		return this.#steps <= limits.placingSteps;
	}

	#at({ root, key }: Place): Added {
		const name = key === null ? root : `${root}\n${key}`;
		const known = this.#places.get(name);
		if (known) return known;
		const at = { start: undefined, added: 0, apart: 0 };
		this.#places.set(name, at);
		return at;
	}

	#startOf(place: Place): Behind {
		return { next: this.#first(place)?.id ?? null, addedBefore: -1 };
	}

	#behindOf(origin: Y.ID): Behind {
		const known = this.#behind.get(origin.client)?.get(origin.clock);
		if (known) return known;
		const item = this.#itemAt(origin);
		const isEnd = item !== null && item.id.clock + item.length === origin.clock + 1;
		const next = isEnd ? (item.right?.id ?? null) : Y.createID(origin.client, origin.clock + 1);
		return this.#put(origin, { next, addedBefore: -1 });
	}

	#put({ client, clock }: Y.ID, behind: Behind): Behind {
		const ofClient = this.#behind.get(client);
		if (ofClient) ofClient.set(clock, behind);
		else this.#behind.set(client, new Map([[clock, behind]]));
		return behind;
	}

	/**
	 * Of the items of the document. Behind one that is new there are none that Yjs would look at: it stops at
	 * the first that was not put behind the same one, or behind what it passed.
	 */
	#countBetween(origin: Y.ID | null, end: Y.ID | null, place: Place): number {
		let item = origin ? this.#itemAt(origin) : this.#first(place);
		if (origin && item && item.id.clock + item.length === origin.clock + 1) item = item.right;
		let count = 0;
		while (item && !(end && holds(item, end)) && count <= limits.placingSteps) {
			count++;
			item = item.right;
		}
		return count;
	}

	/** The first item of a place. */
	#first({ root, key }: Place): Y.Item | null {
		const type = this.#share.get(root);
		if (key === null) return type?._start ?? null;
		let first = type?._map.get(key) ?? null;
		while (first?.left) first = first.left;
		return first;
	}

	/** All values that a key ever had, and those of them that saw none before them. */
	#countValues({ root, key }: Place): { all: number; beside: number } {
		let [all, beside] = [0, 0];
		let item = this.#share.get(root)?._map.get(key!) ?? null;
		for (; item; item = item.left) {
			all++;
			if (!item.origin) beside++;
		}
		return { all, beside };
	}

	/** The item of the document with this id. */
	#itemAt({ client, clock }: Y.ID): Y.Item | null {
		const structs = this.#store.clients.get(client);
		if (!structs || clock >= Y.getState(this.#store, client)) return null;
		const struct = structs[Y.findIndexSS(structs, clock)];
		return struct instanceof Y.Item ? struct : null;
	}
}

function holds({ id, length }: Y.Item, { client, clock }: Y.ID): boolean {
	return id.client === client && clock >= id.clock && clock < id.clock + length;
}
