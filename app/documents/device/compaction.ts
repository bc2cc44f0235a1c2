import * as Y from 'yjs';
import type { Replica } from '#app/replica/database.ts';
import { fromLog } from './origins.ts';
import { applyPartInSlices, isIncomplete, readStored, rowsBetween } from './document-storage.ts';
import { applyInSlices, piecesInSlices } from './slices.ts';

/** After so many rows a log is worth folding. */
export const foldAfterRows = 200;

/**
 * Folds the log of a document into one snapshot. It reads only what is on disk, compares the result with
 * what went in, and deletes only what it folded. One tab does it at a time. Answers whether it folded.
 */
export async function compactDocument(
	replica: Replica,
	document: string,
	locks: LockManager | undefined = navigator.locks,
): Promise<boolean> {
	if (!locks) return fold(replica, document);
	const options = { ifAvailable: true };
	return await locks.request(`${replica.name}:compact:${document}`, options, async (lock) =>
		lock ? await fold(replica, document) : false,
	);
}

/** The same, once the page has nothing better to do. A log is whole without it: what fails is only told. */
export async function foldWhenIdle(replica: Replica, document: string): Promise<void> {
	await new Promise((resolve) => requestIdleCallback(resolve, { timeout: 10_000 }));
	await compactDocument(replica, document).catch(reportError);
}

async function fold(replica: Replica, document: string): Promise<boolean> {
	const { updates, documents, documentSnapshots } = replica;
	const [row, part] = await readStored(replica, document);
	if (row.head === row.foldedTo) return false;

	const whole = new Y.Doc();
	const unreadable = await applyPartInSlices(whole, part, fromLog);
	// Something is missing: folding would seal the hole. Everything stays as it is.
	if (unreadable.length > 0 || isIncomplete(whole)) return false;
	const pieces = await piecesInSlices(whole);
	const copy = new Y.Doc();
	await applyInSlices(copy, pieces, fromLog);
	const isSame = Y.equalSnapshots(Y.snapshot(whole), Y.snapshot(copy));
	whole.destroy();
	copy.destroy();
	if (!isSame) return false;

	return replica.transaction('rw', [updates, documents, documentSnapshots], async () => {
		const now = await documents.get(document);
		if (now?.generation !== row.generation || now.foldedTo !== row.foldedTo) return false;
		await documentSnapshots.put({ document, upTo: row.head, pieces });
		await rowsBetween(replica, document, 0, row.head).delete();
		await documents.put({ ...now, foldedTo: row.head });
		return true;
	});
}
