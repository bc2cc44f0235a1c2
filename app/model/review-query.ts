import type { ReviewFilter, ReviewState } from './review-queue.svelte.ts';

/** What a reviewer looks at, as it stands in the address of the page. */
export interface ReviewQuery extends ReviewFilter {
	/** Only answers of this person. */
	readonly by?: string;
}

const states: readonly ReviewState[] = ['waiting', 'returned', 'settle'];

/** Reads the address. Where a project does without reviews there is only settling. */
export function readReviewQuery(
	query: Pick<URLSearchParams, 'get'>,
	reviews: boolean,
): ReviewQuery {
	const asked = states.find((state) => state === query.get('state'));
	const batch = query.get('batch');
	const by = query.get('by');
	return {
		state: reviews ? (asked ?? 'waiting') : 'settle',
		...(batch ? { batch } : {}),
		...(by ? { by } : {}),
	};
}

/** Writes the address; what is usual is left out. */
export function writeReviewQuery({ state, batch, by }: ReviewQuery): URLSearchParams {
	const query = new URLSearchParams();
	if (state !== 'waiting') query.set('state', state);
	if (batch) query.set('batch', batch);
	if (by) query.set('by', by);
	return query;
}
