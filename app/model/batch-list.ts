import type { BatchPurpose, Row } from '#shared/replica/rows.ts';

type Batch = Row<'batches'>;

interface PurposeWords {
	readonly title: string;
	/** What its members get to see. */
	readonly text: string;
}

/** What batches are for, in the words of the screen, in the order in which they are offered. */
export const purposes: Readonly<Record<BatchPurpose, PurposeWords>> = {
	label: { title: 'Label', text: 'Items come without an answer.' },
	fix: { title: 'Fix', text: 'Items come with their present answer, to be corrected.' },
	review: { title: 'Review', text: 'Items come with their present answer, to be looked at again.' },
	audit: { title: 'Audit', text: 'Nothing is shown, so that the answers judge others.' },
};

/** How many items of a batch nobody has answered or skipped. */
export function leftIn(batch: Batch): number {
	return Math.max(0, batch.size - batch.submitted);
}

/** True while the batch wants something of its members. */
export function isToDoIn(batch: Batch): boolean {
	return batch.state === 'open' && (leftIn(batch) > 0 || batch.returned > 0);
}

/** The batches a person is in: what was returned first, then what is begun, then what is new, then the rest. */
export function myBatches(batches: readonly Batch[], me: string): Batch[] {
	return batches
		.filter((batch) => batch.state === 'open' && batch.members.includes(me))
		.sort((a, b) => urgency(a) - urgency(b) || byAge(a, b));
}

/** Batches for who looks after them: open before closed, the newest first. */
export function allBatches(
	batches: readonly Batch[],
	{ state, words }: { readonly state: Batch['state'] | 'all'; readonly words: string },
): Batch[] {
	const wanted = words.trim().toLocaleLowerCase();
	return batches
		.filter((batch) => state === 'all' || batch.state === state)
		.filter((batch) => batch.name.toLocaleLowerCase().includes(wanted))
		.sort((a, b) => (a.state === b.state ? byAge(b, a) : a.state === 'open' ? -1 : 1));
}

/** Where somebody goes on: their first batch with something left to do. */
export function batchToGoOn(batches: readonly Batch[], me: string): Batch | undefined {
	return myBatches(batches, me).find(isToDoIn);
}

function urgency(batch: Batch): number {
	if (batch.returned > 0) return 0;
	if (leftIn(batch) === 0) return 3;
	return batch.submitted > 0 ? 1 : 2;
}

function byAge(a: Batch, b: Batch): number {
	return a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : a.id < b.id ? -1 : 1;
}
