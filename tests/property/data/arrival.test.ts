import fc from 'fast-check';
import { expect, test } from 'vitest';
import { corpusOf } from '#shared/corpus/corpus.ts';
import type { Submission, Verdict } from '#shared/corpus/submission.ts';
import { shardOf } from '#shared/snapshot/layout.ts';
import { batchCounts } from '#sync-server/tables/sqlite/changes/batch-counts.ts';
import { openDatabase } from '#sync-server/tables/sqlite/database.ts';
import { readHistory } from '#sync-server/tables/sqlite/item-history.ts';
import { nounsOf } from '#sync-server/tables/sqlite/nouns.ts';

/** The first batch is closed at this time; what the server received of it later is late. */
const closedAt = '2026-01-02T00:00:00.000Z';
const [before, afterwards] = ['2026-01-01T12:00:00.000Z', '2026-01-03T00:00:00.000Z'];
const people = ['ann', 'ben', 'cem'] as const;
const moods = ['good', 'bad'] as const;
const ids = ['s0', 's1', 's2', 's3', 's4', 's5'] as const;
const minute = fc.integer({ min: 0, max: 5 }).map((n) => `2026-01-01T00:0${n}:00.000Z`);

interface Said {
	readonly id: string;
	readonly user: string;
	readonly batch: 0 | 1;
	readonly mood: string | undefined;
	readonly at: string;
	readonly after: string[];
	readonly isLate: boolean;
}
interface Judged {
	readonly submission: string;
	readonly user: string;
	readonly kind: Verdict['kind'];
	readonly at: string;
}

const said: fc.Arbitrary<Said[]> = fc.subarray([...ids], { minLength: 1 }).chain((chosen) =>
	fc
		.tuple(
			...chosen.map((id) =>
				fc.record({
					id: fc.constant(id),
					user: fc.constantFrom(...people),
					batch: fc.constantFrom(0 as const, 1 as const),
					mood: fc.constantFrom(...moods, undefined),
					at: minute,
					after: fc.subarray([...ids], { maxLength: 3 }),
					isLate: fc.boolean(),
				}),
			),
		)
		.map((list) => [...list]),
);
const judged: fc.Arbitrary<Judged[]> = fc.uniqueArray(
	fc.record({
		submission: fc.constantFrom(...ids),
		user: fc.constantFrom(...people),
		kind: fc.constantFrom('accepted' as const, 'returned' as const),
		at: minute,
	}),
	{ maxLength: 5, selector: ({ submission, user }) => `${submission} ${user}` },
);

/** What came first, last, twice, alone or with others: the pieces in which the log may hand it on. */
interface Arrival {
	readonly submissions: readonly Said[];
	readonly verdicts: readonly Judged[];
}

/** One item in two batches, the first of them closed; what arrives is projected piece by piece. */
function afterArrival(all: readonly Said[], reviews: boolean, arrivals: readonly Arrival[]) {
	const database = openDatabase(':memory:');
	const tables = nounsOf(database);
	const write = <T>(work: () => T): T => database.transaction(work).result;
	const at = '2026-01-01T00:00:00.000Z';
	write(() =>
		tables.projects.create({
			id: 'p',
			name: 'p',
			schema: {
				shows: [{ field: 'text', as: 'text' }],
				instructions: '',
				tools: [
					{
						name: 'mood',
						kind: 'choice',
						required: false,
						many: false,
						options: moods.map((name) => ({ name })),
					},
				],
			},
			reviews,
			isSample: false,
			itemKey: 'ab',
			by: 'ann',
			at,
		}),
	);
	for (const user of people.slice(1))
		write(() =>
			tables.members.put({ project: 'p', user, role: 'reviewer', hasCode: false, joinedAt: at }),
		);
	write(() => tables.imports.start({ id: 'i', project: 'p', by: 'ann', at, format: 'jsonl' }));
	write(() =>
		tables.imports.append({
			id: 'i',
			project: 'p',
			by: 'ann',
			at,
			schemaVersion: 1,
			replaces: false,
			lines: 1,
			refusals: [],
			refusedMore: 0,
			rows: [
				{
					line: 1,
					id: 'i0',
					data: '{"text":"i0"}',
					words: 'i0',
					meta: null,
					group: null,
					split: 'train',
					shard: shardOf('i0'),
					media: [],
					answer: null,
				},
			],
		}),
	);
	const batches = [0, 1].map(
		() =>
			write(() =>
				tables.batches.create({
					project: 'p',
					purpose: 'label',
					name: undefined,
					choice: { kind: 'choose', by: 'filter', count: 9, filter: {}, seed: 0 },
					members: [...people],
					overlap: 2,
					isBlind: false,
					size: 9,
					by: 'ann',
					at,
				}),
			).batches[0]!,
	);
	write(() => tables.batches.close(batches[0]!, closedAt));
	let upTo = 0;
	for (const { submissions, verdicts } of arrivals)
		for (const [place, batch] of batches.entries()) {
			const isHere = (id: string) => all.find((one) => one.id === id)?.batch === place;
			write(() =>
				tables.submissions.project({
					document: `p/${batch}/answers`,
					project: 'p',
					batch,
					upTo: ++upTo,
					submissions: submissions
						.filter((one) => one.batch === place)
						.map(({ id, user, mood, at: saidAt, after, isLate }) => ({
							id,
							user,
							receivedAt: isLate ? afterwards : before,
							value: {
								item: 'i0',
								by: 'x',
								at: saidAt,
								spentMs: 1,
								schema: 1,
								guess: 'none' as const,
								after,
								...(mood === undefined
									? { skipped: true as const }
									: { answer: { values: { mood }, regions: [], texts: {} } }),
							},
						})),
					verdicts: verdicts
						.filter(({ submission }) => isHere(submission))
						.map(({ submission, user, kind, at: judgedAt }) => ({
							item: 'i0',
							submission,
							user,
							value: { kind, at: judgedAt },
						})),
				}),
			);
		}
	const item = database
		.prepare('SELECT standing, answer, answer_by, answer_source, answer_at FROM items WHERE id = ?')
		.get('i0');
	const { submissions, verdicts } = readHistory(database, 'p', 'i0');
	const counts = batches.map((batch) => batchCounts(database, 'p', batch));
	database.close();
	return { item: { ...item }, submissions, verdicts, counts, batches };
}

/** Everything in pieces, in an order of its own, some pieces twice. */
const shuffled = (all: readonly Said[], verdicts: readonly Judged[]): fc.Arbitrary<Arrival[]> => {
	const pieces: Arrival[] = [
		...all.map((one) => ({ submissions: [one], verdicts: [] })),
		...verdicts.map((one) => ({ submissions: [], verdicts: [one] })),
	];
	return fc
		.tuple(fc.shuffledSubarray(pieces, { minLength: pieces.length }), fc.subarray(pieces))
		.map(([once, again]) => [...once, ...again]);
};

const history = said.chain((all) => fc.tuple(fc.constant(all), judged, fc.boolean()));

test('whatever arrives first, last or twice, late or in time: the item stands as it would', () => {
	fc.assert(
		fc.property(
			history.chain(([all, verdicts, reviews]) =>
				fc.tuple(fc.constant({ all, verdicts, reviews }), shuffled(all, verdicts)),
			),
			([{ all, verdicts, reviews }, arrivals]) => {
				const atOnce = afterArrival(all, reviews, [{ submissions: all, verdicts }]);
				const inPieces = afterArrival(all, reviews, arrivals);
				expect(inPieces.item).toEqual(atOnce.item);
				expect(inPieces.counts).toEqual(atOnce.counts);
			},
		),
		{ numRuns: 60 },
	);
});

test('a batch counts an item to settle exactly where its own answers leave it so, and it is not settled elsewhere', () => {
	fc.assert(
		fc.property(history, ([all, verdicts, reviews]) => {
			const { item, counts, batches, ...known } = afterArrival(all, reviews, [
				{ submissions: all, verdicts },
			]);
			for (const [place, batch] of batches.entries()) {
				const own: readonly Submission[] = known.submissions.filter((one) => one.batch === batch);
				const { state } = corpusOf(own, known.verdicts, { reviews });
				const count = counts[place]!;
				const bucketed =
					count.skipped + count.waiting + count.returned + count.accepted + count.toSettle;
				expect(bucketed).toBe(count.submitted);
				if (count.toSettle > 0) expect([state, item['standing']]).toEqual(['settle', 'settle']);
				if (state === 'settle' && item['standing'] === 'settle') expect(count.toSettle).toBe(1);
				const isElsewhere =
					state === 'settle' && item['standing'] !== 'settle' && count.skipped === 0;
				expect(count.decidedElsewhere ?? []).toHaveLength(isElsewhere ? 1 : 0);
			}
		}),
		{ numRuns: 100 },
	);
});
