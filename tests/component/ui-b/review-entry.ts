import type { HistoryEntry, ReviewEntry } from '#shared/api/replies.ts';
import { historyEntry } from '../../support/history-entry.ts';

/** An item that waits for a reviewer. */
export function entry(id: string, ...heads: HistoryEntry[]): ReviewEntry {
	return {
		item: { id, project: 'reviews', data: { text: id }, split: 'train', state: 'waiting' },
		state: 'waiting',
		batch: 'b1',
		heads: heads.length > 0 ? heads : [historyEntry(`of-${id}`, 'good')],
	};
}
