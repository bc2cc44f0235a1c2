import type { Row } from '#shared/replica/rows.ts';
import { corpusOf } from '#shared/corpus/corpus.ts';
import type { VerdictValue } from '#shared/corpus/submission.ts';
import type { Database } from '../database.ts';
import { readHistory } from '../item-history.ts';
import { projectReviews } from '../standing.ts';

export type BatchCounts = Pick<
	Row<'batches'>,
	| 'submitted'
	| 'skipped'
	| 'waiting'
	| 'returned'
	| 'accepted'
	| 'toSettle'
	| 'decidedElsewhere'
	| 'late'
>;

interface Submitted {
	readonly item: string;
	readonly isSkip: number;
	readonly isLate: number;
	readonly verdict: VerdictValue['kind'] | null;
}

/** How an item of a batch is counted. */
type Bucket = 'skipped' | 'waiting' | 'returned' | 'accepted' | 'toSettle';

/**
 * How far a batch is. An item counts once, as the corpus would decide it from the submissions of this batch
 * alone: skipped, returned, to settle, accepted (or answered, where the project does not review) or waiting. What
 * was settled by what was said elsewhere is not to settle any more. Late submissions are only counted as late,
 * and a verdict counts only from this batch's own document, as in the corpus.
 */
export function batchCounts(database: Database, project: string, batch: string): BatchCounts {
	const reviews = projectReviews(database, project);
	const submissions = database
		.prepare(
			`SELECT item, answer IS NULL AS isSkip, is_late AS isLate,
				(SELECT kind FROM verdicts WHERE verdicts.project = submissions.project AND submission = submissions.id
					AND verdicts.batch = submissions.batch ORDER BY at DESC, user DESC LIMIT 1) AS verdict
			FROM submissions WHERE batch = ? AND is_withdrawn = 0`,
		)
		.all(batch) as unknown as Submitted[];
	const inTime = submissions.filter(({ isLate }) => isLate === 0);
	const items = Map.groupBy(inTime, ({ item }) => item);
	const counts = { skipped: 0, waiting: 0, returned: 0, accepted: 0, toSettle: 0 };
	const decidedElsewhere: string[] = [];
	for (const [item, [first, ...more]] of items) {
		if (more.length === 0) {
			counts[bucketOfOne(first!, reviews)]++;
			continue;
		}
		const { bucket, isDecidedElsewhere } = placeOfSeveral(database, {
			project,
			batch,
			item,
			reviews,
		});
		counts[bucket]++;
		if (isDecidedElsewhere) decidedElsewhere.push(item);
	}
	return {
		...counts,
		...(decidedElsewhere.length > 0 && { decidedElsewhere }),
		submitted: items.size,
		late: submissions.length - inTime.length,
	};
}

function bucketOfOne({ isSkip, verdict }: Submitted, reviews: boolean): Bucket {
	if (isSkip === 1) return 'skipped';
	if (!reviews) return 'accepted';
	return verdict ?? 'waiting';
}

interface Several {
	readonly project: string;
	readonly batch: string;
	readonly item: string;
	readonly reviews: boolean;
}

/** How an item counts of which several things were said, and whether it would be to settle by this batch alone. */
function placeOfSeveral(
	database: Database,
	{ project, batch, item, reviews }: Several,
): { readonly bucket: Bucket; readonly isDecidedElsewhere?: boolean } {
	const { submissions, verdicts } = readHistory(database, project, item);
	const own = submissions.filter((submission) => submission.batch === batch);
	const { state, heads } = corpusOf(own, verdicts, { reviews });
	const isSkipped = own.every(({ id, answer }) => !heads.includes(id) || answer === undefined);
	if (isSkipped) return { bucket: 'skipped' };
	if (state === 'labeled') return { bucket: 'accepted' };
	if (state !== 'settle') return { bucket: state === 'returned' ? 'returned' : 'waiting' };
	const { standing } = database
		.prepare('SELECT standing FROM items WHERE project = ? AND id = ?')
		.get(project, item) as { standing: string };
	if (standing === 'settle') return { bucket: 'toSettle' };
	return { bucket: standing === 'labeled' ? 'accepted' : 'waiting', isDecidedElsewhere: true };
}
