import type { Page } from '@playwright/test';
import * as Y from 'yjs';

/** A document as this browser's IndexedDB holds it: what outlives the page. */
export async function documentOnDevice(page: Page, name: string): Promise<Y.Doc> {
	const stored = await page.evaluate(async (document) => {
		const known = await indexedDB.databases();
		const database = await new Promise<IDBDatabase>((resolve, reject) => {
			const request = indexedDB.open(known.find((one) => one.name?.startsWith('flywheel-'))!.name!);
			request.onsuccess = () => resolve(request.result);
			request.onerror = () => reject(new Error('the database does not open'));
		});
		const transaction = database.transaction(['updates', 'documentSnapshots']);
		const answer = <T>(request: IDBRequest<T>): Promise<T> =>
			new Promise((resolve, reject) => {
				request.onsuccess = () => resolve(request.result);
				request.onerror = () => reject(new Error('the database does not answer'));
			});
		const keys = IDBKeyRange.bound([document, 0], [document, Infinity]);
		const [rows, folded] = await Promise.all([
			answer<unknown[]>(transaction.objectStore('updates').getAll(keys)),
			answer<unknown>(transaction.objectStore('documentSnapshots').get(document)),
		]);
		database.close();
		const text = (data: Uint8Array): string =>
			Array.from(data, (byte) => String.fromCharCode(byte)).join('');
		const pieces = (folded as { pieces: Uint8Array[] } | undefined)?.pieces ?? [];
		return [...pieces, ...(rows as { data: Uint8Array }[]).map(({ data }) => data)].map(text);
	}, name);
	const doc = new Y.Doc();
	for (const update of stored) Y.applyUpdate(doc, Uint8Array.from(Buffer.from(update, 'latin1')));
	return doc;
}
