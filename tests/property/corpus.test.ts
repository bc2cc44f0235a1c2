import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { corpusOf } from '#shared/corpus/corpus.ts';
import { anySubmissions, anyVerdicts, choice, submission } from './submissions.ts';

const reviews = fc.boolean();
const anyRuns = { numRuns: 500 };

describe('the corpus is a pure function of submissions and verdicts', () => {
	it('does not care about their order', () => {
		fc.assert(
			fc.property(
				anySubmissions.chain((list) =>
					fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
				),
				anyVerdicts.chain((list) =>
					fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
				),
				reviews,
				([list, shuffled], [verdicts, others], on) => {
					expect(corpusOf(shuffled, others, { reviews: on })).toEqual(
						corpusOf(list, verdicts, { reviews: on }),
					);
				},
			),
			anyRuns,
		);
	});

	it('merges the same from either side', () => {
		fc.assert(
			fc.property(anySubmissions, anySubmissions, anyVerdicts, reviews, (a, b, verdicts, on) => {
				expect(corpusOf([...a, ...b], verdicts, { reviews: on })).toEqual(
					corpusOf([...b, ...a], verdicts, { reviews: on }),
				);
			}),
			anyRuns,
		);
	});

	it('hears a submission once, however often it comes', () => {
		fc.assert(
			fc.property(anySubmissions, anyVerdicts, reviews, (list, verdicts, on) => {
				expect(corpusOf([...list, ...structuredClone(list)], verdicts, { reviews: on })).toEqual(
					corpusOf(list, verdicts, { reviews: on }),
				);
			}),
			anyRuns,
		);
	});

	it('does not hear what is withdrawn or late', () => {
		fc.assert(
			fc.property(
				anySubmissions,
				anyVerdicts,
				reviews,
				fc.constantFrom('isWithdrawn' as const, 'isLate' as const),
				fc.subarray(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']),
				(list, verdicts, on, why, after) => {
					const unheard = submission('other', 'x', after, { [why]: true });
					expect(corpusOf([...list, unheard], verdicts, { reviews: on })).toEqual(
						corpusOf(list, verdicts, { reviews: on }),
					);
				},
			),
			anyRuns,
		);
	});

	it('takes the word of one who has seen everything', () => {
		fc.assert(
			fc.property(anySubmissions, (list) => {
				const seen = list.map(({ id }) => id);
				const corpus = corpusOf([...list, submission('last', 'w', seen)], [], { reviews: false });
				expect(corpus).toMatchObject({
					state: 'labeled',
					heads: ['last'],
					current: { answer: choice('w'), by: ['by-last'], submissions: ['last'] },
				});
			}),
			anyRuns,
		);
	});

	it('never lets an import or a skim change a person’s answer', () => {
		fc.assert(
			fc.property(
				anySubmissions,
				anyVerdicts,
				reviews,
				fc.constantFrom('import' as const, 'skim' as const),
				fc.subarray(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']),
				(list, verdicts, on, source, after) => {
					const before = corpusOf(list, verdicts, { reviews: on });
					fc.pre(before.current?.source === 'human');
					const program = submission('program', 'w', after, { source });
					const then = corpusOf([...list, program], verdicts, { reviews: on });
					expect(then).toEqual(before);
				},
			),
			anyRuns,
		);
	});

	it('keeps at least one head, and every head counts', () => {
		fc.assert(
			fc.property(anySubmissions, anyVerdicts, reviews, (list, verdicts, on) => {
				const counted = list.filter(({ isLate, isWithdrawn }) => !isLate && !isWithdrawn);
				const { heads, current, state } = corpusOf(list, verdicts, { reviews: on });
				expect(heads.length > 0).toBe(counted.length > 0);
				const ids = counted.map(({ id }) => id);
				expect(ids).toEqual(expect.arrayContaining([...heads]));
				expect(ids).toEqual(expect.arrayContaining([...(current?.submissions ?? [])]));
				if (state === 'labeled') expect(current).toBeDefined();
				if (state === 'pool') expect(current).toBeUndefined();
			}),
			anyRuns,
		);
	});

	it('stays quick when one person floods an item', () => {
		const flood = Array.from({ length: 5000 }, (_, n) =>
			submission(
				`s${String(n)}`,
				n % 2 ? 'x' : 'y',
				Array.from({ length: 100 }, (__, m) => `s${String((n * 7 + m) % 5000)}`),
				{ by: 'flooder' },
			),
		);
		expect(corpusOf(flood, [], { reviews: false }).heads.length).toBeGreaterThan(0);
	});
});
