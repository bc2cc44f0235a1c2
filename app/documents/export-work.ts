import { toBase64 } from 'lib0/buffer';
import * as Y from 'yjs';
import { parseDocumentName } from '#shared/wire/document-name.ts';
import { rootMaps } from '#shared/wire/document-shape.ts';
import type { Replica } from '#app/replica/database.ts';
import { applyPart, newDocumentRow, readAfter } from './document-storage.ts';
import { fromLog } from './origins.ts';

/**
 * A document as it is on this device, as a file that its author can hand over: where they were taken off
 * a batch, or where the server did not accept something. Readable JSON, with the Yjs state beside it.
 */
export async function exportDocument(replica: Replica, name: string): Promise<Blob> {
	const doc = await readDocument(replica, name);
	const file = asFile(name, doc);
	doc.destroy();
	return file;
}

/** What was moved aside after a refusal, as a file: what was not accepted first, then all of it. */
export async function exportRefused(replica: Replica, id: number): Promise<Blob> {
	const row = await replica.refused.get(id);
	if (!row) throw new Error(`Nothing was moved aside under ${id}`);
	const doc = new Y.Doc();
	Y.applyUpdateV2(doc, row.data);
	const { at, code, reason, notAccepted } = row;
	const file = asFile(row.document, doc, { at, code, reason, notAccepted });
	doc.destroy();
	return file;
}

/** Everything that this device has of a document, in a doc of its own. */
export async function readDocument(replica: Replica, name: string): Promise<Y.Doc> {
	const { updates, documents, documentSnapshots } = replica;
	const part = await replica.transaction('r', [updates, documents, documentSnapshots], async () =>
		readAfter(replica, (await documents.get(name)) ?? newDocumentRow(name), 0),
	);
	const doc = new Y.Doc();
	applyPart(doc, part, fromLog);
	return doc;
}

function asFile(name: string, doc: Y.Doc, more: object = {}): Blob {
	const part = parseDocumentName(name)?.part ?? 'answers';
	const entries = Object.fromEntries(
		rootMaps[part].map((map) => [map, doc.getMap(map).toJSON() as unknown]),
	);
	const state = toBase64(Y.encodeStateAsUpdateV2(doc));
	const text = JSON.stringify({ document: name, ...more, entries, yjsUpdateV2: state }, null, '\t');
	return new Blob([text], { type: 'application/json' });
}
