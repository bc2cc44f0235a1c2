import fc from 'fast-check';
import { expect, test } from 'vitest';
import { corpusOf } from '#shared/corpus/corpus.ts';
import { canonicalAnswer } from '#shared/schema/answer.ts';
import type { Schema } from '#shared/schema/schema.ts';
import { shardOf } from '#shared/snapshot/layout.ts';
import { openDatabase } from '#sync-server/tables/sqlite/database.ts';
import { readHistory } from '#sync-server/tables/sqlite/item-history.ts';
import { nounsOf } from '#sync-server/tables/sqlite/nouns.ts';

const items = ['i0', 'i1', 'i2'] as const;
const moods = ['good', 'bad'] as const;
const people = ['ann', 'ben', 'cem'] as const;
const schema: Schema = {
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
};
const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

const item = fc.constantFrom(...items);
const mood = fc.constantFrom(...moods, undefined);
const event = fc.oneof(
	fc.record({
		kind: fc.constant('import'),
		item,
		mood,
		replaces: fc.boolean(),
	}),
	fc.record({
		kind: fc.constant('submit'),
		item,
		mood,
		user: fc.constantFrom(...people),
		batch: fc.nat(5),
		after: fc.array(fc.nat(20), { maxLength: 3 }),
		isEarly: fc.boolean(),
	}),
	fc.record({
		kind: fc.constant('verdict'),
		submission: fc.nat(20),
		user: fc.constantFrom(...people),
		verdict: fc.constantFrom('accepted', 'returned'),
	}),
	fc.record({
		kind: fc.constantFrom('close', 'reopen', 'undo'),
		which: fc.nat(5),
	}),
	fc.record({ kind: fc.constantFrom('withdraw', 'restore'), item }),
	fc.record({
		kind: fc.constant('batch'),
		purpose: fc.constantFrom('label', 'fix', 'audit'),
		isBlind: fc.boolean(),
		user: fc.constantFrom(...people),
	}),
);

type Event = typeof event extends fc.Arbitrary<infer E> ? E : never;

/** One installation in memory, driven by events; what is not possible at a time changes nothing. */
function installation(reviews: boolean) {
	const database = openDatabase(':memory:');
	const tables = nounsOf(database);
	const batches: string[] = [];
	const imports: string[] = [];
	const submissions: { id: string; item: string; batch: string }[] = [];
	let minute = 0;
	let upTo = 0;
	const write = <T>(work: () => T): T => database.transaction(work).result;
	write(() =>
		tables.projects.create({
			id: 'p',
			name: 'p',
			schema,
			reviews,
			isSample: false,
			itemKey: 'ab',
			by: 'ann',
			at: at(0),
		}),
	);
	for (const user of people.slice(1))
		write(() =>
			tables.members.put({ project: 'p', user, role: 'reviewer', hasCode: false, joinedAt: at(0) }),
		);
	const bring = (
		lines: readonly { id: string; mood?: string | undefined }[],
		replaces: boolean,
	) => {
		const id = `import${imports.length}`;
		imports.push(id);
		write(() =>
			tables.imports.start({ id, project: 'p', by: 'ann', at: at(minute), format: 'jsonl' }),
		);
		write(() =>
			tables.imports.append({
				id,
				project: 'p',
				by: 'ann',
				at: at(minute),
				schemaVersion: 1,
				replaces,
				lines: lines.length,
				refusals: [],
				refusedMore: 0,
				rows: lines.map((line, number) => ({
					line: number + 1,
					id: line.id,
					data: `{"text":"${line.id}"}`,
					words: line.id,
					meta: null,
					group: null,
					split: 'train',
					shard: shardOf(line.id),
					media: [],
					answer:
						line.mood === undefined
							? null
							: canonicalAnswer({ values: { mood: line.mood }, regions: [], texts: {} }),
				})),
			}),
		);
		write(() => tables.imports.end(id, 'done'));
	};
	bring(
		items.map((id) => ({ id })),
		false,
	);

	const step = (one: Event): void => {
		minute += 1;
		switch (one.kind) {
			case 'import':
				return bring([{ id: one.item, mood: one.mood }], one.replaces);
			case 'batch': {
				const made = write(() =>
					tables.batches.create({
						project: 'p',
						purpose: one.purpose,
						name: undefined,
						choice: { kind: 'choose', by: 'filter', count: 9, filter: {}, seed: 0 },
						members: [one.user],
						overlap: 2,
						isBlind: false,
						size: 9,
						by: 'ann',
						at: at(minute),
					}),
				);
				batches.push(...made.batches);
				return;
			}
			case 'submit': {
				const batch = batches[one.batch % Math.max(1, batches.length)];
				if (batch === undefined) return;
				const id = `s${submissions.length}`;
				submissions.push({ id, item: one.item, batch });
				const value = {
					item: one.item,
					by: 'x',
					at: at(minute),
					spentMs: 1,
					schema: 1,
					guess: 'none' as const,
					after: one.after.map((number) => `s${number}`),
					...(one.mood === undefined
						? { skipped: true as const }
						: { answer: { values: { mood: one.mood }, regions: [], texts: {} } }),
				};
				const receivedAt = one.isEarly ? at(0) : at(minute);
				write(() =>
					tables.submissions.project({
						document: `p/${batch}/answers`,
						project: 'p',
						batch,
						upTo: ++upTo,
						submissions: [{ id, value, user: one.user, receivedAt }],
						verdicts: [],
					}),
				);
				return;
			}
			case 'verdict': {
				const submission = submissions[one.submission % Math.max(1, submissions.length)];
				if (!submission) return;
				const value = { kind: one.verdict, at: at(minute) };
				write(() =>
					tables.submissions.project({
						document: `p/${submission.batch}/verdicts`,
						project: 'p',
						batch: submission.batch,
						upTo: ++upTo,
						submissions: [],
						verdicts: [{ item: submission.item, submission: submission.id, value, user: one.user }],
					}),
				);
				return;
			}
			case 'close':
			case 'reopen': {
				const batch = batches[one.which % Math.max(1, batches.length)];
				if (batch === undefined) return;
				if (one.kind === 'close') write(() => tables.batches.close(batch, at(minute)));
				else write(() => tables.batches.reopen(batch));
				return;
			}
			case 'undo': {
				const id = imports[one.which % imports.length]!;
				for (let isDone = false; !isDone;)
					({ isDone } = write(() => tables.imports.undo({ project: 'p', id, limit: 2 })));
				return;
			}
			case 'withdraw':
			case 'restore':
				write(() =>
					tables.items.withdraw({
						project: 'p',
						item: one.item,
						isWithdrawn: one.kind === 'withdraw',
					}),
				);
		}
	};
	return { database, tables, step };
}

test('where items stand is always what corpusOf says of everything that was said', () => {
	fc.assert(
		fc.property(fc.boolean(), fc.array(event, { maxLength: 40 }), (reviews, events) => {
			const { database, step } = installation(reviews);
			try {
				for (const one of events)
					try {
						step(one);
					} catch (error) {
						// The only refusal there is: nothing left to put into a batch.
						expect((error as { code?: string }).code).toBe('no_items');
					}
				const classes: Record<string, number> = {};
				for (const row of database.prepare('SELECT * FROM items').all()) {
					const { submissions, verdicts } = readHistory(database, 'p', row['id'] as string);
					const corpus = corpusOf(submissions, verdicts, { reviews });
					const isWithdrawn = row['is_withdrawn'] === 1;
					const answer = isWithdrawn ? undefined : corpus.current?.answer;
					expect(row['standing']).toBe(isWithdrawn ? 'withdrawn' : corpus.state);
					expect(row['answer']).toBe(answer ? canonicalAnswer(answer) : null);
					const given = answer?.values['mood'];
					if (typeof given === 'string') classes[given] = (classes[given] ?? 0) + 1;
					const { held } = database
						.prepare(
							`SELECT count(*) AS held FROM batch_items JOIN batches ON batches.id = batch_items.batch
							WHERE item = ? AND state = 'open'`,
						)
						.get(row['id']!) as { held: number };
					expect(row['open_batches']).toBe(held);
				}
				const counted = database
					.prepare('SELECT option, items FROM class_counts WHERE items > 0')
					.all()
					.map((row) => [row['option'], row['items']] as [string, number]);
				expect(Object.fromEntries(counted)).toEqual(classes);
			} finally {
				database.close();
			}
		}),
		{ numRuns: 150 },
	);
});

test('a revision never stands still while an answer changes', () => {
	fc.assert(
		fc.property(fc.array(event, { maxLength: 25 }), (events) => {
			const { database, step } = installation(false);
			const snapshot = () =>
				new Map(
					database
						.prepare('SELECT id, answer, answer_by, answer_at, is_withdrawn, revision FROM items')
						.all()
						.map(({ id, revision, ...rest }) => [
							id as string,
							{ revision: revision as number, said: JSON.stringify(rest) },
						]),
				);
			try {
				for (const one of events) {
					const before = snapshot();
					try {
						step(one);
					} catch (error) {
						expect((error as { code?: string }).code).toBe('no_items');
					}
					for (const [id, now] of snapshot()) {
						const then = before.get(id)!;
						if (now.said === then.said) continue;
						const newest = Math.max(...[...before.values()].map(({ revision }) => revision));
						expect(now.revision).toBeGreaterThan(newest);
					}
				}
			} finally {
				database.close();
			}
		}),
		{ numRuns: 60 },
	);
});
