import type { HistoryEntry, ReviewEntry } from '#shared/api/replies.ts';

/** Something that was said about an item, as the server lists it. */
export function head(submission: string, option: string, more: Partial<HistoryEntry> = {}) {
	return {
		submission,
		by: 'labeler',
		at: '2026-05-01T10:00:00.000Z',
		source: 'human',
		batch: 'b1',
		answer: { values: { sentiment: option }, regions: [], texts: {} },
		spentMs: 900,
		isLate: false,
		isWithdrawn: false,
		isHead: true,
		verdicts: [],
		...more,
	} satisfies HistoryEntry;
}

/** An item that waits for a reviewer. */
export function entry(id: string, ...heads: HistoryEntry[]): ReviewEntry {
	return {
		item: { id, project: 'reviews', data: { text: id }, split: 'train', state: 'waiting' },
		state: 'waiting',
		batch: 'b1',
		heads: heads.length > 0 ? heads : [head(`of-${id}`, 'good')],
	};
}
