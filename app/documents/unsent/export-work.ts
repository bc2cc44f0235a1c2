import { toBase64 } from 'lib0/buffer';
import * as Y from 'yjs';
import { parseDocumentName } from '#shared/wire/document-name.ts';
import { rootMaps } from '#shared/wire/document-shape.ts';
import type { RefusedRow, Replica } from '#app/replica/database.ts';
import { applyPart, readStored } from '../device/document-storage.ts';
import type { Documents } from '../documents.ts';
import { fromLog } from '../device/origins.ts';
import { printWorkFile, type WorkDocument, type WorkFile } from './work-file.ts';

export interface ExportInput {
	readonly by: WorkFile['by'];
	/** Documents as they are here, also what this page could not store. */
	readonly names?: readonly string[];
	/** What was moved aside after a refusal. */
	readonly refused?: readonly RefusedRow[];
}

/**
 * Work as a file that its author can hand over: where they were taken off a batch, where the server did not
 * accept something, where this device has no room for it.
 */
export async function exportWork(
	documents: Documents,
	{ by, names = [], refused = [] }: ExportInput,
): Promise<Blob> {
	const work: WorkDocument[] = [];
	for (const name of names) {
		const open = documents.find(name);
		const isWhole = open?.isLoaded === true;
		const doc = isWhole ? new Y.Doc() : await readDocument(documents.replica, name);
		// What could not be written is nowhere else.
		if (open) Y.applyUpdate(doc, Y.encodeStateAsUpdate(open.doc));
		work.push(workOf(name, doc));
		doc.destroy();
	}
	for (const { document, data, at, code, reason, notAccepted } of refused) {
		const doc = new Y.Doc();
		Y.applyUpdateV2(doc, data);
		const aside = { at, code, reason, notAccepted: [...notAccepted] };
		work.push({ ...workOf(document, doc), refused: aside });
		doc.destroy();
	}
	return printWorkFile({ by, at: new Date().toISOString(), documents: work });
}

/** Everything that this device has of a document, in a doc of its own. */
export async function readDocument(replica: Replica, name: string): Promise<Y.Doc> {
	const [, part] = await readStored(replica, name);
	const doc = new Y.Doc();
	applyPart(doc, part, fromLog);
	return doc;
}

function workOf(document: string, doc: Y.Doc): WorkDocument {
	const part = parseDocumentName(document)?.part ?? 'answers';
	const entries = Object.fromEntries(
		rootMaps[part].map((map) => [map, doc.getMap(map).toJSON() as Record<string, unknown>]),
	);
	return { document, entries, yjsUpdateV2: toBase64(Y.encodeStateAsUpdateV2(doc)) };
}
