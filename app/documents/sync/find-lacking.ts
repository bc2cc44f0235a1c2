import * as Y from 'yjs';
import type { DocumentLog } from '../device/document-log.ts';
import { inSlices, piecesInSlices, splitInSlices } from '../device/slices.ts';
import { findingRecoverable } from '../restored/recoverable-update.ts';

/** What the server lacks of a document and may be sent. */
export interface Lacking {
	/** Updates of bounded size, in their order. */
	readonly pieces: readonly Uint8Array[];
	/** Something of this person's own has to wait: it builds on what others have to bring. */
	readonly isHeldBack: boolean;
}

/** Finds what a server with this state vector is to be sent, with pauses. */
export async function findLacking(log: DocumentLog, stateVector: Uint8Array): Promise<Lacking> {
	const isOwn = ownershipIn(log);
	const clocks = Y.decodeStateVector(stateVector);
	if (!isOwn || !hasLostOfOthers(log.doc, clocks, isOwn))
		return { pieces: await piecesInSlices(log.doc, stateVector), isHeldBack: false };
	const server = { clocks, mayBring: isOwn, isOwn };
	const { update, isOwnHeldBack } = await inSlices(findingRecoverable(log.doc, server));
	return { pieces: update ? await splitInSlices(update) : [], isHeldBack: isOwnHeldBack };
}

/** Which Yjs clients are this person's. Of a row that an older version wrote to, nobody knows all of them. */
function ownershipIn({ doc, row }: DocumentLog): ((client: number) => boolean) | undefined {
	if (!row.ownClients && row.localHead > 0) return undefined;
	const own = new Set([...(row.ownClients ?? []), doc.clientID]);
	return (client) => own.has(client);
}

/**
 * True where the server lacks what others wrote: it was put back to an older state. What others wrote is theirs
 * to bring, or comes back marked as theirs (bring-back.ts), and must not pass for this person's own. Of that,
 * what builds on the missing is held back until it is there again.
 */
function hasLostOfOthers(
	doc: Y.Doc,
	clocks: ReadonlyMap<number, number>,
	isOwn: (client: number) => boolean,
): boolean {
	return [...doc.store.clients.keys()].some(
		(client) => !isOwn(client) && Y.getState(doc.store, client) > (clocks.get(client) ?? 0),
	);
}
