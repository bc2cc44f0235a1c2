import * as Y from 'yjs';
import type { Part } from '#shared/access/access.ts';
import { readDocument } from '../../log/compact-document.ts';
import type { StoredDocument } from '../../log/update-log.ts';
import type { Entry } from '../projection.ts';

/** The map of a part whose entries go into the tables; notes are read where they are. */
function projectedMap(part: Part): Entry['map'] | undefined {
	switch (part) {
		case 'answers':
			return 'submitted';
		case 'verdicts':
			return 'verdict';
		case 'notes':
			return undefined;
	}
}

export function isProjected(part: Part): boolean {
	return projectedMap(part) !== undefined;
}

/** Entries of a document that are not stamped with a time yet. */
export type FreshEntry = Omit<Entry, 'receivedAt'>;

/**
 * Tells of every entry that a transaction on the document writes from now on, with the owner of the client
 * id that wrote it. An entry without a known owner is told of to nobody: nobody can vouch for it.
 */
export function observeEntries(
	document: Y.Doc,
	part: Part,
	owners: ReadonlyMap<number, string>,
	tell: (entry: FreshEntry) => void,
): void {
	const map = projectedMap(part);
	if (!map) return;
	const root = document.getMap(map);
	root.observe(({ keysChanged }) => {
		for (const key of keysChanged) {
			const item = root._map.get(key as string);
			const user = item && owners.get(item.id.client);
			if (!item || item.deleted || user === undefined) continue;
			tell({ map, key: key as string, value: root.get(key as string), user });
		}
	});
}

/** Everything a document on disk says after a sequence number. */
export function entriesAfter(
	name: string,
	part: Part,
	stored: StoredDocument,
	after: number,
): Entry[] {
	const entries: Entry[] = [];
	// Where the tables are older than the snapshot (restored from a backup), all of it is told again.
	const start = after >= stored.snapshotSeq ? stored.snapshot : undefined;
	const before = stored.updates.filter(({ seq }) => seq <= after);
	const document = readDocument(name, {
		snapshot: start,
		updates: start || after > 0 ? before : [],
	});
	let receivedAt = '';
	observeEntries(document, part, stored.owners, (entry) => entries.push({ ...entry, receivedAt }));
	if (!start && stored.snapshot) {
		receivedAt = new Date(stored.snapshotAt).toISOString();
		Y.applyUpdateV2(document, stored.snapshot);
	}
	for (const { seq, at, data } of stored.updates) {
		if (seq <= after) continue;
		receivedAt = new Date(at).toISOString();
		Y.applyUpdate(document, data);
	}
	document.destroy();
	return entries;
}
