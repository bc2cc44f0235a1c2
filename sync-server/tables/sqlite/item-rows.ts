import type { HistoryEntry } from '#shared/api/replies.ts';
import type { Corpus } from '#shared/corpus/corpus.ts';
import type { ItemRow } from '#shared/replica/rows.ts';
import type { Answer } from '#shared/schema/answer.ts';
import type { Json } from '#shared/numbers/canonical-json.ts';
import type { Database } from './database.ts';
import type { ItemHistory } from './item-history.ts';
import { readHistory } from './item-history.ts';
import { corpusOfItem } from './standing.ts';

export const itemColumns = `items.seq, items.id, items.project, items.data, items.meta, items.grp, items.split,
	items.standing, items.open_batches AS openBatches, items.answer, items.answer_by AS answerBy,
	items.answer_source AS answerSource, items.answer_at AS answerAt`;

export interface StoredItem {
	seq: number;
	id: string;
	project: string;
	data: string;
	meta: string | null;
	grp: string | null;
	split: ItemRow['split'];
	standing: Exclude<ItemRow['state'], 'open'>;
	openBatches: number;
	answer: string | null;
	answerBy: string | null;
	answerSource: NonNullable<ItemRow['source']> | null;
	answerAt: string | null;
}

/** An item as those who may read the corpus get it. */
export function itemRow(row: StoredItem): ItemRow {
	return {
		id: row.id,
		project: row.project,
		data: JSON.parse(row.data) as ItemRow['data'],
		...(row.meta === null ? {} : { meta: JSON.parse(row.meta) as Record<string, Json> }),
		...(row.grp === null ? {} : { group: row.grp }),
		split: row.split,
		state: row.standing === 'pool' && row.openBatches > 0 ? 'open' : row.standing,
		...(row.answer === null
			? {}
			: {
					answer: JSON.parse(row.answer) as Answer,
					by: JSON.parse(row.answerBy!) as string[],
					source: row.answerSource!,
					at: row.answerAt!,
				}),
	};
}

/** What was said about an item, newest first, and which of it stands. */
export function historyOf(
	database: Database,
	project: string,
	item: string,
): { readonly entries: HistoryEntry[]; readonly corpus: Corpus } {
	const history = readHistory(database, project, item);
	const corpus = corpusOfItem(database, project, item);
	return { entries: entriesOf(history, corpus), corpus };
}

function entriesOf({ submissions, verdicts }: ItemHistory, corpus: Corpus): HistoryEntry[] {
	return submissions
		.map((submission) => ({
			submission: submission.id,
			by: submission.by,
			at: submission.at,
			source: submission.source,
			batch: submission.batch ?? null,
			answer: submission.answer ?? null,
			spentMs: submission.spentMs,
			isLate: submission.isLate ?? false,
			isWithdrawn: submission.isWithdrawn ?? false,
			isHead: corpus.heads.includes(submission.id),
			verdicts: verdicts
				.filter((verdict) => verdict.submission === submission.id)
				.map(({ user, kind, at, note }) => ({
					user,
					kind,
					at,
					...(note === undefined ? {} : { note }),
				})),
		}))
		.reverse();
}
