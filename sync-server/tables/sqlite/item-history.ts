import type { Submission, Verdict } from '#shared/corpus/submission.ts';
import type { Answer } from '#shared/schema/answer.ts';
import type { Database } from './database.ts';

/** Everything durable that was said about one item: what `corpusOf` takes. */
export interface ItemHistory {
	readonly submissions: readonly Submission[];
	readonly verdicts: readonly Verdict[];
}

interface StoredSubmission {
	id: string;
	item: string;
	batch: string | null;
	by: string;
	at: string;
	spentMs: number;
	schema: number;
	answer: string | null;
	guess: Submission['guess'];
	after: string;
	source: Submission['source'];
	isLate: number;
	isWithdrawn: number;
	replaces: number;
	/** 1 where people must not have seen what others said: a blind or an audit batch. */
	isApart: number | null;
}

/**
 * Reads an item's submissions and verdicts. What a submission of a blind or audit batch claims to have
 * seen of others does not count: there its author was shown nothing, and answers stand beside each other.
 * A verdict counts only from the document of the batch its submission was written in.
 */
export function readHistory(database: Database, project: string, item: string): ItemHistory {
	const stored = database
		.prepare(
			`SELECT s.id, s.item, s.batch, s.by, s.at, s.spent_ms AS spentMs, s.schema_version AS schema, s.answer,
				s.guess, s.after, s.source, s.is_late AS isLate, s.is_withdrawn AS isWithdrawn, s.replaces,
				(b.is_blind = 1 OR b.purpose = 'audit') AS isApart
			FROM submissions s LEFT JOIN batches b ON b.id = s.batch
			WHERE s.project = ? AND s.item = ? ORDER BY s.at, s.id`,
		)
		.all(project, item) as unknown as StoredSubmission[];
	const authors = new Map(stored.map(({ id, by }) => [id, by]));
	const submissions = stored.map((row): Submission => {
		const after = JSON.parse(row.after) as string[];
		return {
			id: row.id,
			item: row.item,
			by: row.by,
			at: row.at,
			spentMs: row.spentMs,
			schema: row.schema,
			guess: row.guess,
			source: row.source,
			after: row.isApart === 1 ? after.filter((id) => authors.get(id) === row.by) : after,
			...(row.answer === null
				? { skipped: true as const }
				: { answer: JSON.parse(row.answer) as Answer }),
			...(row.batch === null ? {} : { batch: row.batch }),
			...(row.isLate === 1 ? { isLate: true } : {}),
			...(row.isWithdrawn === 1 ? { isWithdrawn: true } : {}),
			...(row.replaces === 1 ? { replaces: true } : {}),
		};
	});
	if (submissions.length === 0) return { submissions, verdicts: [] };
	const verdicts = database
		.prepare(
			`SELECT v.submission, v.user, v.kind, v.at, v.note FROM verdicts v
			JOIN submissions s ON s.project = v.project AND s.id = v.submission AND s.batch = v.batch
			WHERE v.project = ? AND v.item = ? AND s.item = v.item ORDER BY v.at, v.user`,
		)
		.all(project, item)
		.map((row): Verdict => {
			const { submission, user, kind, at, note } = row as unknown as Verdict & {
				note: string | null;
			};
			return { submission, user, kind, at, ...(note === null ? {} : { note }) };
		});
	return { submissions, verdicts };
}
