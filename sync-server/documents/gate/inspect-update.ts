import * as decoding from 'lib0/decoding';
import * as Y from 'yjs';
import type { Part } from '#shared/access/access.ts';
import { isRecovered, recoveredThrough } from '#shared/corpus/recovered.ts';
import type { Refusal } from '#shared/wire/close-codes.ts';
import { checkEntries, type WrittenEntry } from './check-entries.ts';
import { newlyDeleted } from './deletes.ts';
import { integrationOrder } from './integration-order.ts';
import { isAuthored, mayUseKey, rootKind } from './key-rules.ts';
import { limits } from './limits.ts';
import { Places } from './places.ts';
import { PlacingWork } from './placing-work.ts';
import { decodeUpdate } from './update-decoder.ts';
import { isPlainJson } from './value-limits.ts';

/** What an update is judged against: the document it would change, and who sends it. */
export interface GateContext {
	readonly document: Y.Doc;
	readonly part: Part;
	readonly user: string;
	/** Who owns which Yjs client id of this document. */
	readonly owners: ReadonlyMap<number, string>;
	/**
	 * Set where the update brings back what the server lost (S16): the client ids that are the sender's own.
	 * The others that nobody owns are taken as recovered through them.
	 */
	readonly ownClients?: ReadonlySet<number> | undefined;
	/** False in the main thread: a copy of a large document takes long, and so does what touches much of one. */
	readonly mayCopy?: boolean;
	/** Where the clocks stood when the change began that it is to be a part of. */
	readonly changeBegan?: ReadonlyMap<number, number> | undefined;
}

/** An entry of an authored map that an update writes, and the item that was there when it was judged. */
export interface JudgedEntry {
	readonly root: string;
	readonly key: string;
	readonly present: { readonly client: number; readonly clock: number } | undefined;
}

export type GateVerdict =
	/** Nothing in it is new. */
	| { readonly kind: 'known' }
	/** May be applied. `client` wrote its first new item (null: it only deletes); `claims` are used for the first time, `recovered` too and by somebody else. */
	| {
			readonly kind: 'ok';
			readonly client: number | null;
			readonly claims: readonly number[];
			readonly recovered: readonly number[];
			/** What the verdict hangs on, for who applies it later: as long as these stand, it holds. */
			readonly entries: readonly JudgedEntry[];
			/** It takes away what the change it is to be a part of brought: then nobody would ever see that. */
			readonly undoesChange: boolean;
			/** How many items of the document will be looked at and deleted when it is applied. */
			readonly work: number;
	  }
	/** Only a copy of the document can tell, or it is too much for the main thread. */
	| { readonly kind: 'copy' }
	/** Something before it is missing: ask for the whole. */
	| { readonly kind: 'resync' }
	| { readonly kind: 'refuse'; readonly refusal: Refusal };

const refuse = (refusal: Refusal): GateVerdict => ({ kind: 'refuse', refusal });

/**
 * Decodes and inspects an update before it touches the document (S5): Yjs cannot take back what it has
 * applied. Never throws, whatever the bytes.
 */
export function inspectUpdate(update: Uint8Array, context: GateContext): GateVerdict {
	const decoded = decode(update);
	if (decoded === 'malformed') return refuse('malformed');
	if (decoded === 'limit') return refuse('limit');
	const { document } = context;

	const added = integrationOrder(decoded, document.store);
	if (added.kind === 'gap') return { kind: 'resync' };
	if (added.kind !== 'items') return refuse(added.kind);

	const newClients = claimedBy(added.items, context);
	if (!newClients) return refuse('foreignClient');
	const fresh = [...newClients.claims, ...newClients.recovered];
	if (fresh.length > 0 && document.store.clients.size + fresh.length > limits.documentClients)
		return refuse('limit');

	const mostWork = context.mayCopy === false ? limits.mainThreadItems : Infinity;
	const deleted = newlyDeleted(decoded.ds, document.store, added.clocks, mostWork);
	if (deleted.kind === 'gap') return { kind: 'resync' };
	if (deleted.kind === 'many') return { kind: 'copy' };
	if (deleted.kind !== 'items') return refuse(deleted.kind);
	if (added.items.length === 0 && deleted.items.length === 0) return { kind: 'known' };

	const places = new Places(document);
	const placing = new PlacingWork(document);
	const entries = new Map<string, WrittenEntry>();
	const newRoots = new Set<string>();
	for (const item of added.items) {
		const place = places.add(item);
		const refusal = place ? checkItem(item, place, context) : 'shape';
		if (refusal || !place) return refuse(refusal ?? 'shape');
		if (!placing.add(item, place)) return refuse('limit');
		if (!document.share.has(place.root)) newRoots.add(place.root);
		if (place.key !== null && isAuthored(place.root))
			entryAt(entries, place.root, place.key).added.push(item);
	}
	const work = placing.steps + deleted.items.length;
	if (work > mostWork) return { kind: 'copy' };
	if (newRoots.size > 0 && document.share.size + newRoots.size > limits.roots)
		return refuse('limit');
	for (const item of deleted.items) {
		const place = places.of(item);
		if (!place) return refuse('malformed');
		// Taken up without anything added: whose it is and what becomes of it is looked at with the others.
		if (place.key !== null && isAuthored(place.root)) entryAt(entries, place.root, place.key);
	}
	const found = checkEntries([...entries.values()], {
		update,
		deletes: decoded.ds,
		authorOf: (client) => authorOf(client, context),
		...context,
	});
	if (found === 'copy') return { kind: 'copy' };
	if (found) return refuse(found);
	const judged = [...entries.values()].map(({ root, key }) => ({
		root,
		key,
		present: presentIn(document, root, key),
	}));
	const { changeBegan } = context;
	return {
		kind: 'ok',
		client: added.items[0]?.id.client ?? null,
		...newClients,
		entries: judged,
		work,
		undoesChange:
			changeBegan !== undefined &&
			deleted.items.some(({ id }) => id.clock >= (changeBegan.get(id.client) ?? 0)),
	};
}

/** Whose the new clients of an update become; undefined where one is somebody else's (S6). */
function claimedBy(
	items: readonly Y.Item[],
	{ owners, user, ownClients }: GateContext,
): { claims: readonly number[]; recovered: readonly number[] } | undefined {
	const claims: number[] = [];
	const recovered: number[] = [];
	for (const client of new Set(items.map((item) => item.id.client))) {
		const owner = owners.get(client);
		if (owner === undefined)
			(ownClients && !ownClients.has(client) ? recovered : claims).push(client);
		// Whose it was is not known: the rest of what they wrote may come through anybody.
		else if (owner !== user && !(ownClients && isRecovered(owner))) return undefined;
	}
	return { claims, recovered };
}

/** The author of a new item, once the update is taken. */
function authorOf(client: number, { owners, user, ownClients }: GateContext): string {
	const isOwn = !ownClients || ownClients.has(client);
	return owners.get(client) ?? (isOwn ? user : recoveredThrough(user));
}

/** The id of the item that an entry holds now. */
export function presentIn(document: Y.Doc, root: string, key: string): JudgedEntry['present'] {
	const id = document.share.get(root)?._map.get(key)?.id;
	return id && { client: id.client, clock: id.clock };
}

type Decoded = ReturnType<typeof decodeUpdate> & { readonly blocks: number };

function decode(update: Uint8Array): Decoded | 'malformed' | 'limit' {
	try {
		// The count comes first, so that a claim of 100,000 clients costs nothing.
		const blocks = decoding.readVarUint(decoding.createDecoder(update));
		if (blocks > limits.clients) return 'limit';
		return { ...decodeUpdate(update), blocks };
	} catch {
		return 'malformed'; // whatever the decoder threw: the bytes are no update
	}
}

function checkItem(
	item: Y.Item,
	{ root, key }: { root: string; key: string | null },
	context: GateContext,
): Refusal | undefined {
	const { part, document } = context;
	const content = item.content as unknown;
	switch (rootKind(part, root)) {
		case undefined:
			return 'shape';
		case 'map':
			if (key === null || !mayUseKey(root, key, authorOf(item.id.client, context))) return 'shape';
			if (content instanceof Y.ContentDeleted) return undefined;
			return content instanceof Y.ContentAny && content.arr.every(isPlainJson)
				? undefined
				: 'shape';
		case 'text': {
			if (key !== null) return 'shape';
			if (content instanceof Y.ContentDeleted) return undefined;
			if (!(content instanceof Y.ContentString)) return 'shape';
			const length = document.share.get(root)?._length ?? 0;
			return length + content.getLength() > limits.textLength ? 'limit' : undefined;
		}
	}
}

function entryAt(entries: Map<string, WrittenEntry>, root: string, key: string): WrittenEntry {
	const name = `${root}\n${key}`;
	const known = entries.get(name);
	if (known) return known;
	const entry: WrittenEntry = { root, key, added: [] };
	entries.set(name, entry);
	return entry;
}
