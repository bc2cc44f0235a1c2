import * as Y from 'yjs';
import { limits } from './limits.ts';

export type Deletes =
	| { readonly kind: 'items'; readonly items: readonly Y.Item[] }
	| { readonly kind: 'gap' }
	| { readonly kind: 'malformed' }
	| { readonly kind: 'limit' }
	/** More than was asked for. */
	| { readonly kind: 'many' };

type DeleteSet = ReturnType<typeof Y.createDeleteSet>;

/**
 * The items of the document that a delete set would newly delete. Ranges beyond what the document and the
 * update know are a gap: Yjs would keep them, and delete what comes later. No more items are looked for than
 * `atMost`.
 */
export function newlyDeleted(
	deletes: DeleteSet,
	store: Y.Doc['store'],
	clocks: ReadonlyMap<number, number>,
	atMost = Infinity,
): Deletes {
	let ranges = 0;
	const items: Y.Item[] = [];
	for (const [client, ofClient] of deletes.clients) {
		ranges += ofClient.length;
		if (ranges > limits.deleteRanges) return { kind: 'limit' };
		const known = Y.getState(store, client);
		const reached = clocks.get(client) ?? known;
		const structs = store.clients.get(client) ?? [];
		for (const { clock, len } of ofClient) {
			const end = clock + len;
			if (len < 1 || !Number.isSafeInteger(end)) return { kind: 'malformed' };
			if (end > reached) return { kind: 'gap' };
			if (clock >= known) continue;
			for (let index = Y.findIndexSS(structs, clock); index < structs.length; index++) {
				const struct = structs[index]!;
				if (struct.id.clock >= end) break;
				if (struct instanceof Y.Item && !struct.deleted) items.push(struct);
				if (items.length > atMost) return { kind: 'many' };
			}
		}
	}
	return { kind: 'items', items };
}
