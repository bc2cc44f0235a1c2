import * as Y from 'yjs';
import type { CatchUpAsk, CatchUpReply } from '#shared/wire/catch-up.ts';
import type { DocumentRow, Replica } from '#app/replica/database.ts';
import {
	acknowledged,
	applyPartInSlices,
	isIncomplete,
	readDocumentRow,
	readStored,
} from '../device/document-storage.ts';
import { fromLog } from '../device/origins.ts';

/** A document as it lies on this device, for an exchange without a socket. What no page has stored yet is not in it. */
export interface QuietDocument {
	readonly row: DocumentRow;
	readonly doc: Y.Doc;
	readonly ask: CatchUpAsk;
}

type Level = Extract<CatchUpReply, { kind: 'level' }>;
const nothing = new Uint8Array();

/** Beyond this it is read, sent and taken in with pauses, which a socket does. */
const largeBytes = 512 * 1024;

/**
 * Reads a document with what the server has not acknowledged of it: one transaction, so that the count of
 * changes made here is the count of those that are sent. Answers `unfit` where it is large, or a part of it
 * cannot be read: then only a socket can bring it up to date.
 */
export async function readQuiet(replica: Replica, name: string): Promise<QuietDocument | 'unfit'> {
	const [row, part] = await readStored(replica, name);
	const bytes = part.updates.reduce((sum, { length }) => sum + length, part.snapshot?.length ?? 0);
	if (bytes > largeBytes) return 'unfit';
	const doc = new Y.Doc();
	const unreadable = await applyPartInSlices(doc, part, fromLog);
	if (unreadable.length > 0 || isIncomplete(doc)) return 'unfit';
	const stateVector = Y.encodeStateVector(doc);
	const update = row.isDirty === 1 ? unsentIn(doc, row) : nothing;
	return { row, doc, ask: { name, cursor: row.cursor ?? '', stateVector, update } };
}

/**
 * What was written here and the server is not known to have. Never what others wrote: they bring that
 * themselves, and to a server that was put back to an older state it must not come as this person's own. Rows
 * of older versions do not know what is whose.
 */
function unsentIn(doc: Y.Doc, { ownClients, onServer }: DocumentRow): Uint8Array {
	const known = onServer ? Y.decodeStateVector(onServer) : new Map<number, number>();
	if (!ownClients) return Y.encodeStateAsUpdate(doc, Y.encodeStateVector(known));
	const own = new Set(ownClients);
	for (const client of doc.store.clients.keys())
		if (!own.has(client)) known.set(client, Y.getState(doc.store, client));
	return Y.encodeStateAsUpdate(doc, Y.encodeStateVector(known));
}

/**
 * Keeps what the server answered, all of it in one transaction: what was missing here together with the
 * cursor that vouches for it, and as acknowledged no more changes than were sent. Answers the documents that
 * are level now; what was begun anew meanwhile, or lacks something after all, is not.
 */
export async function keepLevel(
	replica: Replica,
	answered: readonly { readonly quiet: QuietDocument; readonly reply: Level }[],
): Promise<string[]> {
	const sound = answered
		.map(({ quiet, reply }) => ({ quiet, reply, missing: takeIn(quiet.doc, reply.updates) }))
		.filter(({ quiet }) => !isIncomplete(quiet.doc));
	const { updates, documents, documentSnapshots } = replica;
	return replica.transaction('rw', [updates, documents, documentSnapshots], async () => {
		const kept: string[] = [];
		for (const { quiet, reply, missing } of sound) {
			const { name, stateVector, update } = quiet.ask;
			const now = await readDocumentRow(replica, name);
			if (now.generation !== quiet.row.generation) continue;
			const head = missing ? now.head + 1 : now.head;
			if (missing) await updates.add({ document: name, seq: head, data: missing });
			const row = update.length > 0 ? acknowledged(now, quiet.row.localHead) : now;
			await documents.put({
				...row,
				head,
				cursor: reply.cursor,
				onServer: stateVector,
				hasServerState: true,
			});
			kept.push(name);
		}
		return kept;
	});
}

/** Applies updates; answers what of them was new, as one. */
function takeIn(doc: Y.Doc, updates: readonly Uint8Array[]): Uint8Array | undefined {
	const fresh: Uint8Array[] = [];
	const note = (update: Uint8Array) => void fresh.push(update);
	doc.on('update', note);
	for (const update of updates) Y.applyUpdate(doc, update);
	doc.off('update', note);
	return fresh.length > 1 ? Y.mergeUpdates(fresh) : fresh[0];
}
