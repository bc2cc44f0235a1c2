import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { noCursor, type Cursor } from '#shared/wire/cursor.ts';
import { readDocument } from '#sync-server/log/compact-document.ts';
import {
	quarantineLimits,
	UnreadableDocument,
	type AppendedUpdate,
	type UpdateLog,
} from '#sync-server/log/update-log.ts';
import type { CommitFaults, FaultyStep } from '../../support/faulty-disk.ts';

/** The ways in which a commit can fail: what fails, and whether its bytes are there nonetheless. */
const failures: readonly { readonly step: FaultyStep; readonly keeps: boolean }[] = [
	{ step: 'write', keeps: false },
	{ step: 'fsync', keeps: false },
	{ step: 'fsync', keeps: true },
];

/** One kind of disk that a log writes to, with the ways to hurt it. */
export interface LogUnderTest {
	/** Opens the log on the disk; opening it again afterwards finds what was committed. */
	open(options?: { historyMs: number }): Promise<UpdateLog>;
	/** Changes a byte of an update that is on disk. */
	damage(document: string, seq: number): void | Promise<void>;
	/** Changes a byte of what was archived of a document. */
	damageArchive(document: string): void | Promise<void>;
	/** From now on the disk takes nothing, or everything again. */
	fill(isFull: boolean): void | Promise<void>;
	/** Which of its commits fail. */
	readonly faults: CommitFaults;
}

const name = 'p/b/answers';

/** Updates of one client that each set a key. */
export function updatesOf(client: number, count: number, value?: string): AppendedUpdate[] {
	const document = new Y.Doc();
	document.clientID = client;
	const updates: AppendedUpdate[] = [];
	document.on('update', (data: Uint8Array) =>
		updates.push({ user: 'ada', client, at: 1000 + updates.length, data, claims: [client] }),
	);
	for (let index = 0; index < count; index++)
		document.getMap('draft').set(`i${index % 5}/v/t`, value ?? index);
	return updates;
}

async function textOf(log: UpdateLog): Promise<string> {
	const { stored } = await log.open(name);
	return JSON.stringify(readDocument(name, stored).getMap('draft').toJSON());
}

export type MakeLog = () => LogUnderTest | Promise<LogUnderTest>;
type Work = (log: UpdateLog, under: LogUnderTest) => Promise<void>;

/** Runs work with a log on a fresh disk, and closes it afterwards. */
export function freshLogs(make: MakeLog): (work: Work) => Promise<void> {
	return async (work) => {
		const under = await make();
		const log = await under.open();
		try {
			await work(log, under);
		} finally {
			await log.close();
		}
	};
}

/** What every update log promises. `make` gives a fresh disk. */
export function updateLogContract(make: MakeLog): void {
	const withLog = freshLogs(make);

	test('a document that does not exist reads as empty and is not made by reading', () =>
		withLog(async (log) => {
			const { stored } = await log.open(name);
			expect(stored).toMatchObject({ head: 0, snapshotSeq: 0, updates: [], rows: 0 });
			expect(await log.documents()).toEqual([]);
		}));

	test('S1 appends resolve with consecutive numbers, in the order of the calls', () =>
		withLog(async (log) => {
			const one = await log.open(name);
			const other = await log.open('p/c/answers');
			const [a, b] = [updatesOf(1, 20), updatesOf(2, 20)];
			const seqs = await Promise.all(
				a.flatMap((update, index) => [one.append(update), other.append(b[index]!)]),
			);
			expect(seqs).toEqual(a.flatMap((_, index) => [index + 1, index + 1]));
		}));

	test('S1 who wants to be called before a commit is called, and what they append is written', () =>
		withLog(async (log) => {
			const { append, beforeCommit, cursor } = await log.open(name);
			const [first, second, third] = updatesOf(1, 3);
			const prepared = (update: AppendedUpdate) =>
				new Promise<number>((resolve) => beforeCommit(() => resolve(append(update))));
			expect(await prepared(first!)).toBe(1);
			expect(await Promise.all([append(second!), prepared(third!)])).toEqual([2, 3]);
			expect((await cursor()).seq).toBe(3);
			await new Promise<void>(beforeCommit);
		}));

	test('S16 a client id is owned by who used it first, or as recovered through who brought it', () =>
		withLog(async (log) => {
			const { append } = await log.open(name);
			const [first, second] = updatesOf(1, 2);
			await append({ ...first!, claims: [1], recovered: [2, 3] });
			await append({ ...second!, user: 'bob', claims: [2, 4], recovered: [1] });
			await log.compact(name, 2);
			expect((await log.open(name)).stored.owners).toEqual(
				new Map([
					[1, 'ada'],
					[2, 'recovered:ada'],
					[3, 'recovered:ada'],
					[4, 'bob'],
				]),
			);
		}));

	test('S12 it keeps the highest least version of a writer, also after compaction', () =>
		withLog(async (log) => {
			const { append, stored } = await log.open(name);
			expect(stored.leastWriter).toBe(0);
			const [first, second, third] = updatesOf(1, 3);
			await append({ ...first!, leastWriter: 2 });
			await append({ ...second!, leastWriter: 1 });
			await append(third!);
			expect((await log.open(name)).stored.leastWriter).toBe(2);
			await log.compact(name, 3);
			expect((await log.open(name)).stored.leastWriter).toBe(2);
		}));

	test('from a cursor on it tells what came later, and from no cursor that it cannot vouch for', () =>
		withLog(async (log) => {
			expect(await log.cursor(name)).toEqual(noCursor);
			expect(await log.since(name, noCursor)).toEqual({ updates: [], cursor: noCursor });
			const { append } = await log.open(name);
			const cursors: Cursor[] = [];
			const updates = updatesOf(1, 6);
			for (const update of updates) {
				await append(update);
				cursors.push(await log.cursor(name));
			}
			expect(cursors.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
			const [end] = cursors.slice(-1);
			const after = (index: number) => log.since(name, cursors[index]!);
			const rest = (index: number) => updates.slice(index + 1).map(({ data }) => Buffer.from(data));
			for (const index of cursors.keys()) {
				const found = (await after(index))!;
				expect(found.cursor).toEqual(end);
				expect(found.updates.map((data) => Buffer.from(data))).toEqual(rest(index));
			}
			expect(await log.since(name, { ...end!, epoch: end!.epoch + 1 })).toBeUndefined();
			expect(await log.since(name, { ...end!, seq: 7 })).toBeUndefined();
			expect(await log.since(name, { ...cursors[3]!, check: 1 })).toBeUndefined();
			await log.compact(name, 4);
			expect(await after(1)).toBeUndefined();
			expect((await after(4))!.updates.map((data) => Buffer.from(data))).toEqual(rest(4));
			await log.compact(name, 6);
			expect(await after(5)).toEqual({ updates: [], cursor: end });
			expect(await log.cursor('p/b/notes')).toEqual(noCursor);
		}));

	test('who has nothing is told all of a small document, folded or not; a large one wants to be opened', () =>
		withLog(async (log) => {
			const { append } = await log.open(name);
			for (const update of updatesOf(1, 12)) await append(update);
			const told = async () => {
				const found = (await log.since(name, noCursor))!;
				expect(found.cursor).toEqual(await log.cursor(name));
				return JSON.stringify(
					readDocument(name, { updates: found.updates.map((data) => ({ data })) })
						.getMap('draft')
						.toJSON(),
				);
			};
			const whole = await textOf(log);
			expect(await told()).toBe(whole);
			await log.compact(name, 9);
			expect(await told()).toBe(whole);
			const [large] = updatesOf(2, 1, 'x'.repeat(70_000));
			await append(large!);
			expect(await log.since(name, noCursor)).toBeUndefined();
			await log.compact(name, 13);
			expect(await log.since(name, noCursor)).toBeUndefined();
		}));

	test('many documents are answered at once as one by one, within a limit; a damaged one spoils no other', () =>
		withLog(async (log, under) => {
			const names = ['p/b/answers', 'p/b/notes', 'p/c/answers', 'p/d/answers'];
			const starts: Cursor[] = [];
			for (const [index, document] of names.entries()) {
				const { append } = await log.open(document);
				const [first, ...rest] = updatesOf(index + 1, 4);
				await append(first!);
				starts.push(await log.cursor(document));
				await Promise.all(rest.map(append));
			}
			const questions = names.map((document, index) => ({ document, cursor: starts[index]! }));
			const alone = await Promise.all(names.map((each, at) => log.since(each, starts[at]!)));
			const bytes = alone.flatMap((one) => one!.updates.map(({ length }) => length));
			const all = bytes.reduce((sum, length) => sum + length, 0);
			expect(await log.sinceEach(questions, all)).toEqual(
				alone.map((found) => ({ kind: 'since', ...found })),
			);
			const kinds = async (limitBytes: number) =>
				(await log.sinceEach(questions, limitBytes)).map(({ kind }) => kind);
			expect(await kinds(1)).toEqual(['since', 'later', 'later', 'later']);
			await log.compact('p/b/notes', 4);
			await under.damage('p/c/answers', 3);
			expect(await kinds(all)).toEqual(['since', 'unknown', 'unreadable', 'since']);
			expect(await log.sinceEach([], 1)).toEqual([]);
		}));

	test('it says which documents changed after a number, in the order of their last changes', () =>
		withLog(async (log) => {
			const write = async (document: string, client: number): Promise<void> =>
				void (await (await log.open(document)).append(updatesOf(client, 1)[0]!));
			const after = async (among: string[], number: number, limit = 10) =>
				(await log.changed(among, number, limit)).map((one) => one.name);
			expect(await log.lastChange(['p/'])).toBe(0);
			for (const document of ['p/b/answers', 'p/b-2/answers', 'pp/b/notes', 'p/c/answers'])
				await write(document, 1);
			await write('p/b/answers', 2);
			const [first, second, third] = await log.changed(['p/'], 0, 10);
			expect([first!.name, second!.name, third!.name]).toEqual([
				'p/b-2/answers',
				'p/c/answers',
				'p/b/answers',
			]);
			expect(third).toEqual({
				name: 'p/b/answers',
				cursor: await log.cursor('p/b/answers'),
				change: await log.lastChange(['p/']),
			});
			expect(await after(['p/'], second!.change)).toEqual(['p/b/answers']);
			expect(await after(['p/'], third!.change)).toEqual([]);
			expect(await after(['p/'], 0, 2)).toEqual(['p/b-2/answers', 'p/c/answers']);
			expect(await after(['p/b/', 'pp/'], 0)).toEqual(['pp/b/notes', 'p/b/answers']);
			expect(await after([], 0)).toEqual([]);
			expect(await log.lastChange(['p/b-2/', 'pp/'])).toBeGreaterThan(first!.change);
		}));

	test('numbers of changes are not given twice, also after the newest was removed and the log opened again', async () => {
		const under = await make();
		const log = await under.open();
		await (await log.open(name)).append(updatesOf(1, 1)[0]!);
		await (await log.open('q/b/notes')).append(updatesOf(1, 1)[0]!);
		const newest = await log.lastChange(['q/']);
		await log.compact(name, 1);
		expect(await log.lastChange(['p/'])).toBeLessThan(newest);
		await log.remove('q/');
		await log.close();
		const again = await under.open();
		await (await again.open(name)).append(updatesOf(2, 1)[0]!);
		expect(await again.lastChange(['p/'])).toBeGreaterThan(newest);
		await again.close();
	});

	test('S2 what was appended is there after the log was opened again, with user, client and time', async () => {
		const under = await make();
		const log = await under.open();
		const { append } = await log.open(name);
		const updates = updatesOf(7, 3);
		await Promise.all(updates.map(append));
		await log.close();
		const again = await under.open();
		const { stored } = await again.open(name);
		expect(stored.updates.map(({ seq, user, client, at }) => ({ seq, user, client, at }))).toEqual(
			updates.map(({ user, client, at }, index) => ({ seq: index + 1, user, client, at })),
		);
		expect(stored.updates.map(({ data }) => [...data])).toEqual(
			updates.map(({ data }) => [...data]),
		);
		expect(await again.documents()).toEqual([{ name, head: 3 }]);
		await again.close();
	});

	test('S6 the first user of a client id owns it, also after opening again', () =>
		withLog(async (log) => {
			const { append } = await log.open(name);
			const [first, second] = updatesOf(2 ** 40 + 1, 2);
			await append(first!);
			await append({ ...second!, user: 'bob' });
			const { stored } = await log.open(name);
			expect([...stored.owners]).toEqual([[2 ** 40 + 1, 'ada']]);
		}));

	test('S2 what the disk refuses rejects, and nothing behind it on the same handle is written', () =>
		withLog(async (log, under) => {
			const opened = await log.open(name);
			const [first, second, third] = updatesOf(1, 3);
			await opened.append(first!);
			await under.fill(true);
			const big = { ...second!, data: new Uint8Array(4_000_000) };
			const results = await Promise.allSettled([opened.append(big), opened.append(third!)]);
			expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
			await under.fill(false);
			await expect(opened.append(third!)).rejects.toThrow();
			const again = await log.open(name);
			expect(again.stored.head).toBe(1);
			expect(await again.append(second!)).toBe(2);
		}));

	test.each(failures)(
		'S2 whichever commit fails ($step, bytes kept: $keeps): nothing of it is acknowledged, nothing later of it slips through, others go on',
		async ({ step, keeps }) => {
			for (const nth of [1, 2, 4]) {
				const under = await make();
				const log = await under.open();
				const updates = updatesOf(1, 6);
				const [opened, other] = [await log.open(name), await log.open('p/c/answers')];
				await other.append(updates[0]!);
				under.faults.fail(step, nth, 1, keeps);
				const acknowledged: number[] = [];
				for (const update of updates)
					await opened.append(update).then(
						(seq) => acknowledged.push(seq),
						() => undefined,
					);
				expect(acknowledged).toEqual(Array.from({ length: nth - 1 }, (_, index) => index + 1));
				expect(await other.append(updates[1]!)).toBe(2);

				const again = await log.open(name);
				expect(again.stored.head).toBe(keeps ? nth : nth - 1);
				for (const update of updates.slice(nth - 1)) acknowledged.push(await again.append(update));
				await log.close();
				const later = await under.open();
				const { stored } = await later.open(name);
				expect(stored.updates.map(({ seq }) => seq)).toEqual(expect.arrayContaining(acknowledged));
				expect(stored.head).toBe(acknowledged.at(-1));
				expect(readDocument(name, stored).getMap('draft').toJSON()).toEqual(
					readDocument(name, { updates }).getMap('draft').toJSON(),
				);
				expect((await later.open('p/c/answers')).stored.head).toBe(2);
				await later.close();
			}
		},
	);

	test.each(failures)(
		'S2 while every commit fails ($step, bytes kept: $keeps) nothing is acknowledged and reading goes on; then all is well again',
		({ step, keeps }) =>
			withLog(async (log, { faults }) => {
				const [first, ...rest] = updatesOf(1, 4);
				await (await log.open(name)).append(first!);
				const cursor = await log.cursor(name);
				faults.fail(step, 1, 1000, keeps);
				for (const update of rest) {
					const { append } = await log.open(name);
					const results = await Promise.allSettled([append(update), append(update)]);
					expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
				}
				expect((await log.open(name)).stored.updates[0]!.data).toEqual(first!.data);
				expect(await log.since(name, cursor)).toBeDefined();
				expect(await log.documents()).toHaveLength(1);
				faults.mend();
				const { append, stored } = await log.open(name);
				for (const [index, update] of rest.entries())
					expect(await append(update)).toBe(stored.head + 1 + index);
			}),
	);

	test('S2 a disk that failed is said to, until it works again', () =>
		withLog(async (log, { faults }) => {
			const [first, second] = updatesOf(1, 2);
			await (await log.open(name)).append(first!);
			await log.tryDisk();
			faults.fail('fsync', 1, 1000);
			await expect((await log.open(name)).append(second!)).rejects.toThrow();
			await expect(log.tryDisk()).rejects.toThrow();
			faults.mend();
			await log.tryDisk();
			expect(await (await log.open(name)).append(second!)).toBe(2);
		}));

	test.each(failures)(
		'S8 a compaction that the disk refuses ($step, bytes kept: $keeps) changes nothing of what the document says',
		({ step, keeps }) =>
			withLog(async (log, { faults }) => {
				const { append } = await log.open(name);
				await Promise.all(updatesOf(1, 10).map(append));
				const before = await textOf(log);
				faults.fail(step, 1, 1, keeps);
				await expect(log.compact(name, 8)).rejects.toThrow();
				expect(await textOf(log)).toBe(before);
				expect(await append(updatesOf(2, 1)[0]!)).toBe(11);
				await log.compact(name, 11);
				expect((await log.open(name)).stored).toMatchObject({ head: 11, snapshotSeq: 11 });
			}),
	);

	test('S3 a document with a damaged update is not read, others are', () =>
		withLog(async (log, under) => {
			const { append } = await log.open(name);
			await Promise.all(updatesOf(1, 3).map(append));
			const other = await log.open('p/c/answers');
			await other.append(updatesOf(1, 1)[0]!);
			await under.damage(name, 2);
			await expect(log.open(name)).rejects.toBeInstanceOf(UnreadableDocument);
			await expect(log.compact(name, 3)).rejects.toThrow();
			expect((await log.open('p/c/answers')).stored.head).toBe(1);
		}));

	test('S8 compaction says the same in fewer rows, and keeps heads, owners and later rows', () =>
		withLog(async (log) => {
			const { append } = await log.open(name);
			const updates = updatesOf(1, 30);
			await Promise.all(updates.slice(0, 25).map(append));
			const compaction = log.compact(name, 20);
			await Promise.all(updates.slice(25).map(append));
			expect(await compaction).toMatchObject({ foldedRows: 20 });
			const { stored } = await log.open(name);
			expect(stored).toMatchObject({ head: 30, snapshotSeq: 20, snapshotAt: 1019, rows: 10 });
			expect(stored.updates.map(({ seq }) => seq)).toEqual(
				Array.from({ length: 10 }, (_, index) => 21 + index),
			);
			expect([...stored.owners]).toEqual([[1, 'ada']]);
			expect(await textOf(log)).toBe(
				JSON.stringify(readDocument(name, { updates }).getMap('draft').toJSON()),
			);
			expect(await log.compact(name, 20)).toMatchObject({ foldedRows: 0 });
			expect(await log.compact(name, 30)).toMatchObject({ foldedRows: 10 });
			expect(await append(updatesOf(2, 1)[0]!)).toBe(31);
		}));

	test('S8 a document that many wrote in turn is compacted, in whatever order they came', () =>
		withLog(async (log) => {
			const clients = [9, 3, 7, 1].map((clientID) => Object.assign(new Y.Doc(), { clientID }));
			const { append } = await log.open(name);
			for (let round = 0; round < 3; round++)
				for (const document of clients) {
					const client = document.clientID;
					const before = Y.encodeStateVector(document);
					const key = `i${round}/r/${client}`;
					document.getMap('draft').set(key, { second: round, first: client });
					document.getText('text/i1/why').insert(0, `${client}`);
					if (round > 0) document.getMap('draft').delete(`i0/r/${client}`);
					const data = Y.encodeStateAsUpdate(document, before);
					await append({ user: `user-${client}`, client, at: 1000, data, claims: [client] });
				}
			const before = await textOf(log);
			expect(await log.compact(name, 12)).toMatchObject({ foldedRows: 12 });
			const sorted = (text: string) => Object.entries(JSON.parse(text) as object).sort();
			expect(sorted(await textOf(log))).toEqual(sorted(before));
		}));

	test('S8 two compactions at once fold each row once', () =>
		withLog(async (log) => {
			const { append } = await log.open(name);
			await Promise.all(updatesOf(1, 10).map(append));
			const folded = await Promise.all([log.compact(name, 10), log.compact(name, 10)]);
			expect(folded[0].foldedRows + folded[1].foldedRows).toBe(10);
		}));

	test('S5 refused bytes are kept up to a limit per user', () =>
		withLog(async (log) => {
			const refused = { document: name, user: 'eve', at: 5, reason: 'malformed' };
			for (let index = 0; index < quarantineLimits.rows + 3; index++)
				await log.quarantine({ ...refused, data: Uint8Array.of(index) });
			await log.quarantine({
				...refused,
				user: 'bob',
				data: new Uint8Array(quarantineLimits.bytesEach + 1),
			});
			const kept = await log.quarantined(name);
			expect(kept.filter(({ user }) => user === 'eve').map(({ data }) => data[0])).toEqual(
				Array.from({ length: quarantineLimits.rows }, (_, index) => index + 3),
			);
			expect(kept.find(({ user }) => user === 'bob')!.data.length).toBe(quarantineLimits.bytesEach);
		}));

	test('S5 refused bytes of one user are bounded over all documents, and others keep theirs', () =>
		withLog(async (log) => {
			const documents = Array.from({ length: 10 }, (_, index) => `p/b${index}/answers`);
			const refused = { at: 5, reason: 'shape', data: Uint8Array.of(1) };
			await log.quarantine({ ...refused, document: documents[0]!, user: 'bob' });
			const each = quarantineLimits.rowsOfUser / 5;
			for (const document of documents)
				for (let index = 0; index < each; index++)
					await log.quarantine({ ...refused, document, user: 'eve' });
			const kept = await Promise.all(documents.map((document) => log.quarantined(document)));
			expect(kept.map((rows) => rows.filter(({ user }) => user === 'eve').length)).toEqual(
				documents.map((_, index) => (index < 5 ? 0 : each)),
			);
			expect(kept[0]).toMatchObject([{ user: 'bob' }]);
		}));

	test('removing a project takes its documents and nobody else’s', () =>
		withLog(async (log) => {
			const opened = await log.open(name);
			await opened.append(updatesOf(1, 1)[0]!);
			await log.compact(name, 1);
			await (await log.open('pp/b/answers')).append(updatesOf(1, 1)[0]!);
			await log.remove('p/');
			expect(await log.documents()).toEqual([{ name: 'pp/b/answers', head: 1 }]);
			await expect(opened.append(updatesOf(2, 1)[0]!)).rejects.toThrow();
			const again = await log.open(name);
			expect(await again.append(updatesOf(3, 1)[0]!)).toBe(1);
			expect(await log.history(name)).toMatchObject({ baseSeq: 0, archive: [], authors: [] });
		}));
}
