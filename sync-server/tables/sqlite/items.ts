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
	const found = new LRUCache<string, readonly number[]>({
		maxSize: 2_000_000,
		sizeCalculation: (seqs) => seqs.length + 1,
	});
	const stored = (project: string, item: string): StoredItem | undefined =>
		database
			.prepare(`SELECT ${itemColumns} FROM items WHERE project = ? AND id = ?`)
			.get(project, item) as StoredItem | undefined;

	/**
	 * The numbers of all items that match, in order. Finding them may look at every item of the project, so
	 * it is done once for all pages and kept until anything in the project changes.
	 */
	const matches = (project: string, filter: ItemFilter): readonly number[] => {
		const { newest } = database
			.prepare('SELECT max(seq) AS newest FROM changes WHERE project = ?')
			.get(project) as { newest: number | null };
		const key = JSON.stringify([project, newest, filter]);
		const known = found.get(key);
		if (known) return known;
		const { sql, values } = conditionOf(project, filter);
		const statement = database.prepare(`SELECT items.seq FROM items WHERE ${sql}`);
		const seqs = statement.all(...values).map(({ seq }) => seq as number);
		seqs.sort((a, b) => a - b);
		found.set(key, seqs);
		return seqs;
	};

	/** A page of a filter that one index answers, with how many items match from there on and in all. */
	const indexedPage = (project: string, filter: ItemFilter, after: number, limit: number): Page => {
		const { sql, values } = conditionOf(project, filter);
		const { total, left } = database
			.prepare(
				`SELECT count(*) AS total, coalesce(sum(items.seq > ?), 0) AS left FROM items WHERE ${sql}`,
			)
			.get(after, ...values) as { total: number; left: number };
		const rows = database
			.prepare(
				`SELECT ${itemColumns} FROM items WHERE ${sql} AND items.seq > ? ORDER BY items.seq LIMIT ?`,
			)
			.all(...values, after, limit) as unknown as StoredItem[];
		return { rows, left, total };
	};
	const scannedPage = (project: string, filter: ItemFilter, after: number, limit: number): Page => {
		const seqs = matches(project, filter);
		const from = firstAfter(seqs, after);
		const bySeq = database.prepare(
			`SELECT ${itemColumns} FROM items WHERE project = ? AND seq = ?`,
		);
		const rows = seqs
			.slice(from, from + limit)
			.map((seq) => bySeq.get(project, seq) as unknown as StoredItem);
		return { rows, left: seqs.length - from, total: seqs.length };
	};

	return {
		page({ project, filter, after, limit }) {
			const page = isInIndex(filter)
				? indexedPage(project, filter, after, limit)
				: scannedPage(project, filter, after, limit);
			const next = page.rows.length < page.left ? page.rows.at(-1) : undefined;
			return {
				items: page.rows.map(itemRow),
				...(next ? { next: String(next.seq) } : {}),
				total: page.total,
			};
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
		answered({ project, after, limit }) {
			const rows = database
				.prepare(
					`SELECT ${itemColumns} FROM items WHERE project = ? AND seq > ? AND answer IS NOT NULL ORDER BY seq LIMIT ?`,
				)
				.all(project, after, limit) as unknown as StoredItem[];
			return { items: rows.map(itemRow), last: rows.at(-1)?.seq ?? after };
		},
		unanswered: (project) =>
			database
				.prepare(
					`SELECT coalesce(sum(is_withdrawn = 0), 0) AS open, coalesce(sum(is_withdrawn), 0) AS withdrawn
					FROM items WHERE project = ? AND answer IS NULL`,
				)
				.get(project) as { open: number; withdrawn: number },
		standAgain({ project, after, limit }) {
			const rows = database
				.prepare('SELECT id, seq FROM items WHERE project = ? AND seq > ? ORDER BY seq LIMIT ?')
				.all(project, after, limit) as unknown as { id: string; seq: number }[];
			const some = rows.map(({ id }) => id);
			restand(database, project, some);
			markBatchesOf(database, project, some);
			return rows.at(-1)?.seq;
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

interface Page {
	readonly rows: readonly StoredItem[];
	readonly left: number;
	readonly total: number;
}

/** True when nothing but the state narrows: counting then reads an index, not the items. */
function isInIndex(filter: ItemFilter): boolean {
	return Object.entries(filter).every(
		([name, value]) => name === 'state' || value === undefined || value === '',
	);
}

/** The place of the first number above `after` in an ascending list. */
function firstAfter(seqs: readonly number[], after: number): number {
	let [low, high] = [0, seqs.length];
	while (low < high) {
		const middle = (low + high) >>> 1;
		if (seqs[middle]! > after) high = middle;
		else low = middle + 1;
	}
	return low;
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
