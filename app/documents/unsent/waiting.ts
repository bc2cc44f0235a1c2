import type { Block, Refused, Replica } from '#app/replica/database.ts';

/** A document with changes of this device that the server has not confirmed. */
export interface WaitingDocument {
	readonly document: string;
	readonly changes: number;
	/** When the first of them was stored here; null where an older version of the app stored it. */
	readonly since: string | null;
	readonly block: Block | null;
	readonly refusal: Refused | null;
}

/** What waits on this device, over all documents whether open or not, the longest wait first. */
export async function waitingDocuments(replica: Replica): Promise<WaitingDocument[]> {
	const rows = await replica.documents.where('isDirty').equals(1).toArray();
	return rows
		.map(({ document, localHead, acked, dirtySince = null, block, refusal }) => ({
			document,
			changes: localHead - acked,
			since: dirtySince,
			block,
			refusal,
		}))
		.sort((a, b) => ((a.since ?? '') < (b.since ?? '') ? -1 : 1));
}
