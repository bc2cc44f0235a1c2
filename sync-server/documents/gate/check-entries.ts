import { isDeepStrictEqual } from 'node:util';
import * as Y from 'yjs';
import type { Refusal } from '#shared/wire/close-codes.ts';
import { isEntry } from './key-rules.ts';

/** What an update does to one entry of an authored map. */
export interface WrittenEntry {
	readonly root: string;
	readonly key: string;
	/** Its new items, in the order of their integration. */
	readonly added: Y.Item[];
}

interface EntryContext {
	readonly update: Uint8Array;
	readonly deletes: ReturnType<typeof Y.createDeleteSet>;
	readonly document: Y.Doc;
	readonly user: string;
	readonly owners: ReadonlyMap<number, string>;
	/** The author of a new item. */
	readonly authorOf: (client: number) => string;
	readonly mayCopy?: boolean;
}

/**
 * S6: entries of `submitted`, `verdict` and `note` are deleted by nobody and changed only by their author;
 * one of `submitted` is not changed at all. In Yjs an overwrite is a new item beside a deleted one, so who
 * wrote the present one is read from its client id, never from a field. Answers `copy` where only a copy of
 * the document can tell and none may be made here.
 */
export function checkEntries(
	entries: readonly WrittenEntry[],
	context: EntryContext,
): Refusal | 'copy' | undefined {
	let after: Y.Doc | undefined;
	for (const entry of entries) {
		const { root, key, added } = entry;
		const present = context.document.share.get(root)?._map.get(key);
		const author = present && context.owners.get(present.id.client);
		const writers = added.map(({ id }) => context.authorOf(id.client));
		// Nothing added: it is the sender who takes away.
		if (present && (writers.length > 0 ? writers : [context.user]).some((one) => one !== author))
			return 'authored';
		const alive = added.filter((item) => !isDead(item, context.deletes));
		if (!alive.every((item) => isEntry(root, lastValue(item)))) return 'shape';
		if (!present || present.deleted) continue;
		if (root === 'submitted' && !alive.every((item) => saysTheSame(item, present)))
			return 'authored';
		if (isPlainOverwrite(entry, present, context.deletes)) continue;
		if (context.mayCopy === false) return 'copy';
		after ??= applied(context);
		if (!after.getMap(root).has(key)) return 'authored';
	}
	return undefined;
}

/** A chain of new items upon the present one, the last of them alive: what a client that saw it writes. */
function isPlainOverwrite(
	{ added }: WrittenEntry,
	present: Y.Item,
	deletes: EntryContext['deletes'],
): boolean {
	let left = present.lastId;
	for (const item of added) {
		if (item.rightOrigin !== null || !Y.compareIDs(item.origin, left)) return false;
		left = item.lastId;
	}
	const last = added.at(-1);
	return last !== undefined && !isDead(last, deletes);
}

/** Who wins among concurrent writes is for Yjs to say. Rare (one author, two tabs apart), so it may cost a copy. */
function applied({ document, update }: EntryContext): Y.Doc {
	const copy = new Y.Doc();
	Y.applyUpdate(copy, Y.encodeStateAsUpdate(document));
	Y.applyUpdate(copy, update);
	return copy;
}

function isDead(item: Y.Item, deletes: EntryContext['deletes']): boolean {
	return (item.content as unknown) instanceof Y.ContentDeleted || Y.isDeleted(deletes, item.lastId);
}

function lastValue(item: Y.Item): unknown {
	return item.content.getContent().at(-1);
}

function saysTheSame(one: Y.Item, other: Y.Item): boolean {
	return isDeepStrictEqual(asJson(lastValue(one)), asJson(lastValue(other)));
}

/** Without undefined members, which mean nothing. */
function asJson(value: unknown): unknown {
	return JSON.parse(JSON.stringify(value));
}
