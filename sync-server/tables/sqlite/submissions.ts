import { LRUCache } from 'lru-cache';
import { canonicalAnswer, misfits } from '#shared/schema/answer.ts';
import type { Schema } from '#shared/schema/schema.ts';
import type { ReviewEntry } from '#shared/api/replies.ts';
import type {
	Passed,
	ProjectedSubmission,
	ProjectedVerdict,
	SubmissionsTable,
} from '../submissions.ts';
import type { Synchronous } from '../synchronous.ts';
import type { Database } from './database.ts';
import { lateSubmissions } from './late.ts';
import { historyOf, itemColumns, itemRow, type StoredItem } from './item-rows.ts';
import { restand } from './standing.ts';

interface ProjectedBatch {
	id: string;
	project: string;
	state: 'open' | 'closed';
	closedAt: string | null;
}

/** What was said, and what reviewers said of it, as the documents hold it. */
export function submissions(database: Database): Synchronous<SubmissionsTable> {
	const watermark = (document: string): number =>
		(database.prepare('SELECT seq FROM watermarks WHERE document = ?').get(document)?.['seq'] ??
			0) as number;
	const schemas = new LRUCache<string, Schema>({ max: 100 });
	/** A version of a schema never changes, so it is parsed once. */
	const schemaOf = (project: string, version: number): Schema | undefined => {
		const key = `${project}@${version}`;
		const row = schemas.has(key)
			? undefined
			: database
					.prepare('SELECT schema FROM schemas WHERE project = ? AND version = ?')
					.get(project, version);
		if (row) schemas.set(key, JSON.parse(row['schema'] as string) as Schema);
		return schemas.get(key);
	};
	const holds = (batch: ProjectedBatch, item: string): boolean =>
		database
			.prepare('SELECT 1 FROM batch_items WHERE project = ? AND item = ? AND batch = ?')
			.get(batch.project, item, batch.id) !== undefined;

	/** Takes in one submission; a reason where it is passed over. The first under an id is the submission. */
	const putSubmission = (
		batch: ProjectedBatch,
		{ id, value, user, receivedAt }: ProjectedSubmission,
	): string | undefined => {
		if (!holds(batch, value.item)) return `the item ${value.item} is not in this batch`;
		const schema = schemaOf(batch.project, value.schema);
		if (!schema) return `there is no version ${value.schema} of the schema`;
		const [misfit] = value.answer ? misfits(value.answer, schema) : [];
		if (misfit) return `the answer does not fit the schema: ${misfit.path}: ${misfit.message}`;
		const isLate = batch.closedAt !== null && receivedAt >= batch.closedAt;
		const { changes } = database
			.prepare(
				`INSERT INTO submissions (project, id, item, batch, by, at, spent_ms, schema_version, answer, guess, after, source, is_late)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'human', ?) ON CONFLICT (project, id) DO NOTHING`,
			)
			.run(
				batch.project,
				id,
				value.item,
				batch.id,
				user,
				value.at,
				value.spentMs,
				value.schema,
				value.answer ? canonicalAnswer(value.answer) : null,
				value.guess,
				JSON.stringify(value.after),
				Number(isLate),
			);
		if (changes > 0) return undefined;
		const first = database
			.prepare('SELECT batch, by FROM submissions WHERE project = ? AND id = ?')
			.get(batch.project, id);
		return first?.['batch'] === batch.id && first['by'] === user
			? undefined
			: 'another submission has this id';
	};

	/** Takes in one verdict, also one whose submission has not been projected yet. */
	const putVerdict = (
		batch: ProjectedBatch,
		{ item, submission, value, user }: ProjectedVerdict,
	): string | undefined => {
		if (!holds(batch, item)) return `the item ${item} is not in this batch`;
		database
			.prepare(
				`INSERT INTO verdicts (project, submission, user, item, batch, kind, at, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT (project, submission, user) DO UPDATE SET kind = excluded.kind, at = excluded.at, note = excluded.note
				WHERE item = excluded.item AND batch = excluded.batch`,
			)
			.run(
				batch.project,
				submission,
				user,
				item,
				batch.id,
				value.kind,
				value.at,
				value.note ?? null,
			);
		return undefined;
	};

	return {
		...lateSubmissions(database),
		watermark,
		allWatermarks: () =>
			database.prepare('SELECT document, seq FROM watermarks').all() as unknown as {
				document: string;
				seq: number;
			}[],
		rewind(document, seq) {
			database
				.prepare('UPDATE watermarks SET seq = min(seq, ?) WHERE document = ?')
				.run(seq, document);
		},
		project({ document, project, batch: batchId, upTo, ...change }) {
			const passed: Passed[] = [];
			const batch = database
				.prepare(
					'SELECT id, project, state, closed_at AS closedAt FROM batches WHERE id = ? AND project = ?',
				)
				.get(batchId, project) as ProjectedBatch | undefined;
			if (batch) {
				const touched = new Set<string>();
				const people = new Set<string>();
				for (const submission of change.submissions) {
					const reason = putSubmission(batch, submission);
					if (reason !== undefined) passed.push({ key: submission.id, reason });
					else {
						touched.add(submission.value.item);
						people.add(submission.user);
					}
				}
				for (const verdict of change.verdicts) {
					const reason = putVerdict(batch, verdict);
					if (reason !== undefined) passed.push({ key: verdict.submission, reason });
					else {
						touched.add(verdict.item);
						const author = authorOf(database, project, verdict.submission);
						if (author !== undefined) people.add(author);
					}
				}
				if (touched.size > 0) {
					restand(database, project, touched);
					// This batch alone: its counts are of its own submissions, and a row that came anew because of
					// others would tell a blind round that somebody answered the same items.
					database.changed(project, 'batches', batch.id);
				}
				for (const user of people) database.changed(project, 'figures', `${project}/${user}`);
			}
			database
				.prepare(
					`INSERT INTO watermarks (document, seq) VALUES (?, ?)
					ON CONFLICT (document) DO UPDATE SET seq = max(seq, excluded.seq)`,
				)
				.run(document, upTo);
			return { passed };
		},
		review({ project, state, batch, after, limit }) {
			const inBatch =
				batch === undefined
					? { sql: '', values: [] }
					: {
							sql: 'AND items.id IN (SELECT item FROM batch_items WHERE batch = ? AND project = ?)',
							values: [batch, project],
						};
			const where = `items.project = ? AND items.standing = ? ${inBatch.sql}`;
			const values = [project, state, ...inBatch.values];
			const rows = database
				.prepare(
					`SELECT ${itemColumns} FROM items WHERE ${where} AND items.seq > ? ORDER BY items.seq LIMIT ?`,
				)
				.all(...values, after, limit + 1) as unknown as StoredItem[];
			const { total } = database
				.prepare(`SELECT count(*) AS total FROM items WHERE ${where}`)
				.get(...values) as { total: number };
			const shown = rows.slice(0, limit);
			return {
				entries: shown.flatMap((row) => reviewEntry(database, row) ?? []),
				...(rows.length > limit ? { next: String(shown.at(-1)!.seq) } : {}),
				total,
			};
		},
	};
}

function authorOf(database: Database, project: string, submission: string): string | undefined {
	return database
		.prepare('SELECT by FROM submissions WHERE project = ? AND id = ?')
		.get(project, submission)?.['by'] as string | undefined;
}

/** An item with the heads a reviewer is to look at, under the batch of the newest of them. */
function reviewEntry(database: Database, row: StoredItem): ReviewEntry | undefined {
	const heads = historyOf(database, row.project, row.id).entries.filter(({ isHead }) => isHead);
	const batch = heads.find((head) => head.batch !== null)?.batch;
	if (batch === undefined || batch === null) return undefined;
	const item = itemRow(row);
	return { item, state: item.state as ReviewEntry['state'], batch, heads };
}
