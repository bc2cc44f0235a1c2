import type { HistoryEntry } from '#shared/api/replies.ts';

/** A person's answer to one question, or their skip, as the server tells it of an item. */
export function historyEntry(
	submission: string,
	option: string | null,
	more: Partial<HistoryEntry> = {},
): HistoryEntry {
	return {
		submission,
		by: 'labeler',
		at: '2026-05-01T10:00:00.000Z',
		source: 'human',
		batch: 'b1',
		answer: option === null ? null : { values: { sentiment: option }, regions: [], texts: {} },
		spentMs: 900,
		isLate: false,
		isWithdrawn: false,
		isHead: true,
		verdicts: [],
		...more,
	};
}
