import * as Y from 'yjs';
import type { StoredUpdate } from './stored-update.ts';
import { UnreadableDocument } from './update-log.ts';

/** What compaction and loading read: a snapshot (v2) and the updates after it. */
export interface StoredState {
	readonly snapshot?: Uint8Array | undefined;
	readonly updates: readonly Pick<StoredUpdate, 'data'>[];
}

/** An empty document. Yjs gives one a name that costs more than all the rest of it, and nobody asks for. */
export function newDocument(name: string): Y.Doc {
	return new Y.Doc({ guid: name });
}

/**
 * Builds the document from what is on disk, in one transaction (merging 4000 updates first took 313 ms,
 * this 80). Throws UnreadableDocument where the bytes are no updates or something they need is missing:
 * a document with a hole is never served (S3).
 */
export function readDocument(name: string, { snapshot, updates }: StoredState): Y.Doc {
	const document = newDocument(name);
	try {
		document.transact(() => {
			if (snapshot) Y.applyUpdateV2(document, snapshot);
			for (const { data } of updates) Y.applyUpdate(document, data);
		});
	} catch (cause) {
		throw new UnreadableDocument(name, 'its updates are no Yjs updates', { cause });
	}
	if (hasPending(document)) throw new UnreadableDocument(name, 'an update it needs is missing');
	return document;
}

/** True when the document holds back something because what it builds on is not there. */
export function hasPending(document: Y.Doc): boolean {
	return document.store.pendingStructs !== null || document.store.pendingDs !== null;
}

/** Folds a state into one snapshot (v2) and proves that it says the same (S8). Throws when it does not. */
export function compactDocument(name: string, state: StoredState): Uint8Array {
	const before = readDocument(name, state);
	const snapshot = Y.encodeStateAsUpdateV2(before);
	const after = readDocument(name, { snapshot, updates: [] });
	if (!saysTheSame(before, after))
		throw new Error(`The compacted form of ${name} differs from its updates.`);
	return snapshot;
}

function saysTheSame(one: Y.Doc, other: Y.Doc): boolean {
	const clocks = Buffer.compare(Y.encodeStateVector(one), Y.encodeStateVector(other)) === 0;
	const deletes = Y.equalDeleteSets(
		Y.createDeleteSetFromStructStore(one.store),
		Y.createDeleteSetFromStructStore(other.store),
	);
	const names = new Set([...one.share.keys(), ...other.share.keys()]);
	return (
		clocks && deletes && [...names].every((root) => contentOf(one, root) === contentOf(other, root))
	);
}

/** Keys in one order: a map tells them as they were written, and a snapshot is written client by client. */
function contentOf(document: Y.Doc, root: string): string {
	if (root.startsWith('text/')) return document.getText(root).toJSON();
	const entries = Object.entries(document.getMap(root).toJSON());
	return JSON.stringify(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}
