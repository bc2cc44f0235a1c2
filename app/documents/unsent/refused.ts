import * as Y from 'yjs';
import { parseDocumentName } from '#shared/wire/document-name.ts';
import { refusals } from '#shared/wire/close-codes.ts';
import type { Refused } from '#app/replica/database.ts';
import {
	applyPart,
	readAfter,
	readDocumentRow,
	rowsBetween,
	withDirt,
} from '../device/document-storage.ts';
import type { Documents } from '../documents.ts';
import { fetchState, type FetchStateInput } from '../sync/fetch-state.ts';
import { fromLog } from '../device/origins.ts';
import { mayRewrite, rewrite, unsentEntries } from './rewrite.ts';
import { salvage } from '../device/salvage.ts';
import { plain } from './spell.ts';

/** Not the server: this device cannot read a part of what it kept. */
export const damaged: Refused = {
	code: 0,
	reason: 'A part of what this browser kept cannot be read any more',
};

export interface BeginAnewInput extends FetchStateInput {
	readonly documents: Documents;
	readonly refused: Refused;
}

/**
 * After message 103 (design §4): what was not sent moves aside and is never sent again; the document
 * begins anew from the server's state with another client id; this person's own drafts and unconfirmed
 * submissions are written into it as values; what may not be is listed as not accepted. All of it in one
 * transaction over what is on this device by then, so that no tab's work falls in between. Throws Offline
 * while the server cannot be asked; the document then stays as it is.
 */
export async function beginAnew(input: BeginAnewInput): Promise<void> {
	const { documents, name, refused } = input;
	const { replica, user } = documents;
	const { part } = parseDocumentName(name)!;
	const fresh = await fetchState(input);
	const { updates, documents: rows, documentSnapshots, refused: aside } = replica;
	await replica.transaction('rw', [updates, rows, documentSnapshots, aside], async () => {
		const row = await readDocumentRow(replica, name);
		const old = new Y.Doc();
		const unreadable = applyPart(old, await readAfter(replica, row, 0), fromLog);

		const unsent = [...unsentEntries(old, fresh, part), ...salvage(old, fresh, part)];
		// Refused a second time, or not allowed at all: writing the same again would go round for ever.
		const isDamaged = refused === damaged;
		const isHopeless = !isDamaged && (row.isRewritten || refused.code === refusals.notAllowed.code);
		const again = isHopeless ? [] : unsent.filter((entry) => mayRewrite(entry, fresh, user));
		const notAccepted = unsent.filter((entry) => !again.includes(entry));
		// Of a damaged one the server has everything where nothing was unsent.
		if (!isDamaged || row.isDirty === 1)
			await aside.add({
				document: name,
				at: new Date().toISOString(),
				...refused,
				data: Y.encodeStateAsUpdateV2(old),
				notAccepted: [
					...notAccepted.map(({ key, value }) => ({ key, value: plain(value) })),
					...unreadable.map(({ where, value }) => ({ key: where, value: plain(value) })),
				],
			});

		// What waits for something the server never had would wait here, too, and hide what is written behind it.
		fresh.store.pendingStructs = null;
		fresh.store.pendingDs = null;
		rewrite(fresh, again);
		const head = row.head + 1;
		await rowsBetween(replica, name, 0, row.head).delete();
		await documentSnapshots.put({
			document: name,
			upTo: head,
			data: Y.encodeStateAsUpdateV2(fresh),
		});
		await rows.put(
			withDirt({
				...row,
				ownClients: [...(row.ownClients ?? []), fresh.clientID],
				generation: row.generation + 1,
				head,
				foldedTo: head,
				localHead: again.length > 0 ? row.localHead + 1 : row.localHead,
				acked: row.localHead,
				hasServerState: true,
				block: null,
				refusal: null,
				isRewritten: again.length > 0,
			}),
		);
		old.destroy();
	});
	fresh.destroy();
	await documents.changed(name);
}
