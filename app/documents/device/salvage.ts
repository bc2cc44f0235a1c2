import * as Y from 'yjs';
import type { Part } from '#shared/access/access.ts';
import { rootMaps } from '#shared/wire/document-shape.ts';
import type { UnsentEntry } from '../unsent/rewrite.ts';

/**
 * The entries that wait in a doc for a part that was lost: Yjs shows nothing of what builds on bytes it never got,
 * and one torn row would hide everything a tab wrote after it. The newest value of each key that the server's
 * state in `fresh` has not seen.
 */
export function salvage(doc: Y.Doc, fresh: Y.Doc, part: Part): UnsentEntry[] {
	const waiting = doc.store.pendingStructs?.update;
	if (!waiting) return [];
	const items = Y.decodeUpdateV2(waiting).structs.filter((struct) => struct instanceof Y.Item);
	const placeOf = placesIn(doc, items);
	const newest = new Map<string, UnsentEntry>();
	for (const item of items) {
		const place = placeOf(item);
		const value = item.content.getContent().at(-1) as unknown;
		const isKnown = Y.getState(fresh.store, item.id.client) > item.id.clock;
		if (
			!place ||
			isKnown ||
			value === undefined ||
			!(rootMaps[part] as readonly string[]).includes(place.map)
		)
			continue;
		newest.set(`${place.map}\n${place.key}`, { ...place, value });
	}
	return [...newest.values()];
}

interface Place {
	readonly map: string;
	readonly key: string;
}

/** Which root map and key an item was written to: it says so itself, or what stood there before it does. */
function placesIn(doc: Y.Doc, items: readonly Y.Item[]): (item: Y.Item) => Place | undefined {
	const rootOf = new Map([...doc.share].map(([name, type]) => [type, name]));
	const byId = new Map(items.map((item) => [`${item.id.client} ${item.id.clock}`, item]));
	const placeOf = (item: Y.Item, depth: number): Place | undefined => {
		// As decoded a parent is the name of its root; as held by the doc it is the root itself.
		const parent: unknown = item.parent;
		const map = typeof parent === 'string' ? parent : rootOf.get(parent as never);
		if (map !== undefined && item.parentSub !== null) return { map, key: item.parentSub };
		const { origin } = item;
		if (!origin || depth > 10_000) return undefined;
		const before = byId.get(`${origin.client} ${origin.clock}`) ?? heldAt(doc, origin);
		return before && placeOf(before, depth + 1);
	};
	return (item) => placeOf(item, 0);
}

function heldAt(doc: Y.Doc, id: Y.ID): Y.Item | undefined {
	const structs = doc.store.clients.get(id.client);
	if (!structs || Y.getState(doc.store, id.client) <= id.clock) return undefined;
	const struct = structs[Y.findIndexSS(structs, id.clock)];
	return struct instanceof Y.Item ? struct : undefined;
}
