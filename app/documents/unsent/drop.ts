import * as Y from 'yjs';
import { newDocumentRow, rowsBetween, withDirt } from '../device/document-storage.ts';
import { undoOf } from '../device/undo-steps.ts';
import type { Documents } from '../documents.ts';

/**
 * Takes a document off this device with everything in it that the server never got. For work that nobody
 * will take any more, after its author said so. Open tabs begin it anew, empty, until the server sends it.
 */
export async function dropDocument(documents: Documents, name: string): Promise<void> {
	const { replica } = documents;
	const { updates, documents: rows, documentSnapshots, undo } = replica;
	await replica.transaction('rw', [updates, rows, documentSnapshots, undo], async () => {
		const row = await rows.get(name);
		if (!row) return;
		const head = row.head + 1;
		await rowsBetween(replica, name, 0, row.head).delete();
		await undoOf(replica, name).delete();
		await documentSnapshots.put({
			document: name,
			upTo: head,
			data: Y.encodeStateAsUpdateV2(new Y.Doc()),
		});
		await rows.put(
			withDirt({
				...newDocumentRow(name),
				generation: row.generation + 1,
				head,
				foldedTo: head,
				localHead: row.localHead,
				acked: row.localHead,
			}),
		);
	});
	await documents.changed(name);
}
