import { isRecovered } from '#shared/corpus/recovered.ts';
import { submittedShape, verdictShape } from '#shared/corpus/submission.ts';
import { parseVerdictKey } from '#shared/wire/document-shape.ts';
import type { Entry, Projection } from '../documents/projection.ts';
import type { Passed, ProjectedSubmission, ProjectedVerdict } from '../tables/submissions.ts';
import type { Tables } from '../tables/tables.ts';

const submissionId = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Takes what documents say into the tables. Who wrote an entry is what the log says. An entry that is not
 * what it should be is passed over with a line in the log: it stays in its document, and hurts nobody else.
 */
export function tableProjection({
	tables,
	onPassed,
}: {
	readonly tables: Pick<Tables, 'submissions'>;
	/** Told about entries that were not taken in. */
	readonly onPassed: (document: string, passed: readonly Passed[]) => void;
}): Projection {
	return {
		watermark: (document) => tables.submissions.watermark(document),
		allWatermarks: () => tables.submissions.allWatermarks(),
		rewind: (document, seq) => tables.submissions.rewind(document, seq),
		async project({ name, document, upTo, entries }) {
			const submissions: ProjectedSubmission[] = [];
			const verdicts: ProjectedVerdict[] = [];
			const passed: Passed[] = [];
			for (const entry of entries) {
				const read = entry.map === 'submitted' ? readSubmission(entry) : readVerdict(entry);
				if (typeof read === 'string') passed.push({ key: entry.key, reason: read });
				else if ('id' in read) submissions.push(read);
				else verdicts.push(read);
			}
			const { project, batch } = document;
			const reply = await tables.submissions.project({
				document: name,
				project,
				batch,
				upTo,
				submissions,
				verdicts,
			});
			passed.push(...reply.passed);
			if (passed.length > 0) onPassed(name, passed);
		},
	};
}

/** The submission an entry says, or why it says none. */
function readSubmission({ key, value, user, receivedAt }: Entry): ProjectedSubmission | string {
	if (!submissionId.test(key)) return 'not the id of a submission';
	const parsed = submittedShape.safeParse(value);
	return parsed.success ? { id: key, value: parsed.data, user, receivedAt } : problem(parsed.error);
}

/** The verdict an entry says, or why it says none. */
function readVerdict({ key, value, user }: Entry): ProjectedVerdict | string {
	const named = parseVerdictKey(key);
	if (!named) return 'not the key of a verdict';
	// Whose it was nobody can say any more: it counts as of whoever brought it back (S16).
	if (named.user !== user && !isRecovered(user)) return 'a verdict in the name of somebody else';
	const parsed = verdictShape.safeParse(value);
	return parsed.success
		? { item: named.item, submission: named.submission, value: parsed.data, user }
		: problem(parsed.error);
}

function problem(error: {
	readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}): string {
	const [issue] = error.issues;
	return `${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'not as expected'}`;
}
