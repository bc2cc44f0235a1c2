import type { Row } from '#shared/replica/rows.ts';
import type { Database } from '../database.ts';

export type BatchCounts = Pick<
	Row<'batches'>,
	'submitted' | 'skipped' | 'waiting' | 'returned' | 'accepted' | 'late'
>;

interface Submitted {
	readonly id: string;
	readonly item: string;
	readonly after: string;
	readonly isSkip: number;
	readonly isLate: number;
	readonly verdict: string | null;
}

/**
 * How far a batch is. An item counts once, by the submissions of this batch that no other one names as
 * seen: skipped when all of them skip, returned when one was returned, accepted when all answers were
 * accepted (or the project does not review), else waiting. Late submissions are only counted as late, and a
 * verdict counts only from this batch's own document, as in the corpus.
 */
export function batchCounts(database: Database, project: string, batch: string): BatchCounts {
	const { reviews } = database
		.prepare('SELECT reviews FROM projects WHERE id = ?')
		.get(project) as { reviews: number };
	const submissions = database
		.prepare(
			`SELECT id, item, after, answer IS NULL AS isSkip, is_late AS isLate,
				(SELECT kind FROM verdicts WHERE verdicts.project = submissions.project AND submission = submissions.id
					AND verdicts.batch = submissions.batch ORDER BY at DESC, user LIMIT 1) AS verdict
			FROM submissions WHERE batch = ? AND is_withdrawn = 0`,
		)
		.all(batch) as unknown as Submitted[];
	const counts = { submitted: 0, skipped: 0, waiting: 0, returned: 0, accepted: 0, late: 0 };
	const inTime = submissions.filter(({ isLate }) => isLate === 0);
	counts.late = submissions.length - inTime.length;
	const seen = new Set(inTime.flatMap(({ after }) => JSON.parse(after) as string[]));
	const heads = Map.groupBy(
		inTime.filter(({ id }) => !seen.has(id)),
		({ item }) => item,
	);
	for (const ofItem of heads.values()) {
		counts.submitted++;
		const answers = ofItem.filter(({ isSkip }) => isSkip === 0);
		if (answers.length === 0) counts.skipped++;
		else if (answers.some(({ verdict }) => verdict === 'returned')) counts.returned++;
		else if (reviews === 0 || answers.every(({ verdict }) => verdict === 'accepted'))
			counts.accepted++;
		else counts.waiting++;
	}
	return counts;
}
