import { LRUCache } from 'lru-cache';
import { CommandError } from '#shared/api/errors.ts';
import type { PredictionRow } from '#shared/api/replies.ts';
import type { ItemFilter, ItemsTable } from '../items.ts';
import type { Synchronous } from '../synchronous.ts';
import type { Database } from './database.ts';
import { conditionOf } from './item-filter.ts';
import { historyOf, itemColumns, itemRow, type StoredItem } from './item-rows.ts';
import { markBatchesOf, restand } from './standing.ts';

/** The items of a project as they stand. */
export function items(database: Database): Synchronous<ItemsTable> {
	const totals = new LRUCache<string, number>({ max: 200 });
	const stored = (project: string, item: string): StoredItem | undefined =>
		database
			.prepare(`SELECT ${itemColumns} FROM items WHERE project = ? AND id = ?`)
			.get(project, item) as StoredItem | undefined;

	/** Counting may look at every item, so a count is kept until anything in the project changes. */
	const total = (project: string, filter: ItemFilter): number => {
		const { newest } = database
			.prepare('SELECT max(seq) AS newest FROM changes WHERE project = ?')
			.get(project) as { newest: number | null };
		const key = JSON.stringify([project, newest, filter]);
		const known = totals.get(key);
		if (known !== undefined) return known;
		const { sql, values } = conditionOf(project, filter);
		const { count } = database
			.prepare(`SELECT count(*) AS count FROM items WHERE ${sql}`)
			.get(...values) as { count: number };
		totals.set(key, count);
		return count;
	};

	return {
		page({ project, filter, after, limit }) {
			const { sql, values } = conditionOf(project, filter);
			const rows = database
				.prepare(
					`SELECT ${itemColumns} FROM items WHERE ${sql} AND items.seq > ? ORDER BY items.seq LIMIT ?`,
				)
				.all(...values, after, limit + 1) as unknown as StoredItem[];
			const shown = rows.slice(0, limit);
			return {
				items: shown.map(itemRow),
				...(rows.length > limit ? { next: String(shown.at(-1)!.seq) } : {}),
				total: total(project, filter),
			};
		},
		find(project, item) {
			const row = stored(project, item);
			return row && itemRow(row);
		},
		detail(project, item) {
			const row = stored(project, item);
			if (!row) return undefined;
			return {
				item: itemRow(row),
				history: historyOf(database, project, item).entries,
				batches: database
					.prepare(
						`SELECT batches.id FROM batch_items JOIN batches ON batches.id = batch_items.batch
						WHERE batch_items.project = ? AND batch_items.item = ? AND batches.state = 'open' ORDER BY batches.created_at`,
					)
					.all(project, item)
					.map((held) => held['id'] as string),
				predictions: predictionsOf(database, project, item),
			};
		},
		withdraw({ project, item, isWithdrawn }) {
			const { changes } = database
				.prepare(
					'UPDATE items SET is_withdrawn = ?1 WHERE project = ?2 AND id = ?3 AND is_withdrawn <> ?1',
				)
				.run(Number(isWithdrawn), project, item);
			if (changes === 0) {
				if (!stored(project, item))
					throw new CommandError('not_found', `There is no item ${item} in ${project}.`);
				return;
			}
			restand(database, project, [item], { isAlwaysRevised: true });
			markBatchesOf(database, project, [item]);
		},
	};
}

/** What the models of runs said about an item, the newest run first. */
function predictionsOf(database: Database, project: string, item: string): PredictionRow[] {
	const rows = database
		.prepare(
			`SELECT said.model, said.answer, said.confidence, said.scores
			FROM runs JOIN predictions AS said
				ON said.project = runs.project AND said.model = 'run:' || runs.id AND said.item = ?
			WHERE runs.project = ? ORDER BY runs.id DESC`,
		)
		.all(item, project) as unknown as {
		model: string;
		answer: string;
		confidence: number;
		scores: string | null;
	}[];
	return rows.map(({ model, answer, confidence, scores }) => ({
		item,
		model,
		answer: JSON.parse(answer) as PredictionRow['answer'],
		confidence,
		...(scores === null
			? {}
			: { scores: JSON.parse(scores) as NonNullable<PredictionRow['scores']> }),
	}));
}
