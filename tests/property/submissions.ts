import fc from 'fast-check';
import type { Submission, Verdict } from '#shared/corpus/submission.ts';
import type { Answer } from '#shared/schema/answer.ts';

/** An answer to one question, for tests that care who said what. */
export function choice(value: string): Answer {
	return { values: { tone: value }, regions: [], texts: {} };
}

/** A submission with what a test does not speak of filled in; the answer `skip` is one. */
export function submission(
	id: string,
	answer: string,
	after: readonly string[] = [],
	more: Partial<Submission> = {},
): Submission {
	return {
		id,
		item: 'i1',
		by: `by-${id}`,
		at: '2026-01-01T00:00:00Z',
		spentMs: 0,
		schema: 1,
		guess: 'none',
		source: 'human',
		after: [...after],
		...(answer === 'skip' ? { skipped: true } : { answer: choice(answer) }),
		...more,
	};
}

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const at = fc.integer({ min: 0, max: 5 }).map((n) => `2026-01-01T00:00:0${n}Z`);

/** One submission whose `after` may name anything: others, itself, nobody, in circles. */
function anySubmission(id: string): fc.Arbitrary<Submission> {
	return fc
		.record({
			answer: fc.constantFrom('skip', 'x', 'y', 'z'),
			after: fc.uniqueArray(fc.constantFrom(...ids, 'unknown'), { maxLength: 4 }),
			by: fc.constantFrom('u1', 'u2', 'u3'),
			at,
			source: fc.constantFrom<Submission['source'][]>('human', 'human', 'human', 'import', 'skim'),
			isLate: fc.constantFrom(false, false, false, true),
			isWithdrawn: fc.constantFrom(false, false, false, true),
		})
		.map(({ answer, after, ...more }) => submission(id, answer, after, more));
}

/** Up to eight submissions of one item, with ids that differ. */
export const anySubmissions: fc.Arbitrary<Submission[]> = fc
	.subarray(ids)
	.chain((chosen) => fc.tuple(...chosen.map(anySubmission)))
	.map((list) => [...list]);

export const anyVerdicts: fc.Arbitrary<Verdict[]> = fc.array(
	fc.record({
		submission: fc.constantFrom(...ids, 'unknown'),
		user: fc.constantFrom('r1', 'r2'),
		kind: fc.constantFrom('accepted' as const, 'returned' as const),
		at,
	}),
	{ maxLength: 6 },
);
