import * as Y from 'yjs';
import type { z } from 'zod';
import type { Part } from '#shared/access/access.ts';
import { noteShape, submittedShape, verdictShape } from '#shared/corpus/submission.ts';
import { parseValueKey, parseVerdictKey, rootMaps } from '#shared/wire/document-shape.ts';
import { isJson, spell } from './spell.ts';

/** An entry of a root map that the server does not have as it is here; undefined: it was taken away here. */
export interface UnsentEntry {
	readonly map: string;
	readonly key: string;
	readonly value: unknown;
}

/**
 * What `old` holds and the server's state in `fresh` does not, entry by entry. An entry counts as unsent
 * where the Yjs item that wrote it is unknown to `fresh`, so others' work is never taken for one's own:
 * it came from the server and the server still has it. `isOurs` narrows it further.
 */
export function unsentEntries(
	old: Y.Doc,
	fresh: Y.Doc,
	part: Part,
	isOurs: (id: Y.ID) => boolean = () => true,
): UnsentEntry[] {
	return rootMaps[part].flatMap((name) => {
		const [before, now] = [old.getMap<unknown>(name), fresh.getMap<unknown>(name)];
		const unsent: UnsentEntry[] = [];
		for (const [key, item] of before._map) {
			const { client, clock } = item.id;
			if (item.deleted) {
				const live = now._map.get(key);
				const isSame = live && !live.deleted && Y.compareIDs(live.id, item.id);
				if (isSame && isOurs(item.id)) unsent.push({ map: name, key, value: undefined });
			} else if (Y.getState(fresh.store, client) <= clock && isOurs(item.id))
				if (spell(before.get(key)) !== spell(now.get(key)))
					unsent.push({ map: name, key, value: before.get(key) });
		}
		return unsent;
	});
}

const shapes: Readonly<Record<string, z.ZodType>> = {
	submitted: submittedShape,
	verdict: verdictShape,
	note: noteShape,
};

/**
 * Whether an entry may be written again: it must be what the document holds, and this person's own. What
 * was refused for itself would only be refused again.
 */
export function mayRewrite({ map, key, value }: UnsentEntry, fresh: Y.Doc, user: string): boolean {
	if (value !== undefined && !isBounded(value)) return false;
	if (map === 'draft') return parseValueKey(key) !== undefined;
	if (value === undefined || shapes[map]?.safeParse(value).success !== true) return false;
	if (map === 'verdict') return parseVerdictKey(key)?.user === user;
	// Submissions are never changed: what stands there under this id stays.
	if (map === 'submitted' && fresh.getMap(map).has(key)) return false;
	return (value as { by: string }).by === user;
}

/** Larger ones no server takes, and with them it would refuse all the others. */
const valueLimitChars = 250_000;

function isBounded(value: unknown): boolean {
	return isJson(value) && spell(value).length <= valueLimitChars;
}

/** Writes entries into the doc, as its own client. */
export function rewrite(doc: Y.Doc, entries: readonly UnsentEntry[]): void {
	doc.transact(() => {
		for (const { map, key, value } of entries)
			if (value === undefined) doc.getMap(map).delete(key);
			else doc.getMap(map).set(key, value);
	});
}
