import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { unpackUpdates } from '#sync-server/log/archive-piece.ts';
import { Authors } from '#sync-server/log/authors.ts';
import { readDocument } from '#sync-server/log/compact-document.ts';
import {
	defaultHistoryMs,
	UnreadableDocument,
	type AppendedUpdate,
	type StoredHistory,
} from '#sync-server/log/update-log.ts';
import { freshLogs, updatesOf, type MakeLog } from './update-log.ts';

const name = 'p/b/answers';

/** Every state that a history tells of, oldest first, as what its map says; the first is its base. */
function statesOf({ base, archive, updates }: StoredHistory): string[] {
	const document = readDocument(name, { snapshot: base, updates: [] });
	const say = (): string => JSON.stringify(document.getMap('draft').toJSON());
	const states = [say()];
	for (const { data } of [...archive.flatMap(unpackUpdates), ...updates]) {
		Y.applyUpdate(document, data);
		states.push(say());
	}
	return states;
}

/** The same of updates that were never in a log. */
function statesThrough(updates: readonly AppendedUpdate[]): string[] {
	return statesOf({
		baseSeq: 0,
		baseAt: 0,
		archive: [],
		updates: updates.map((update, index) => ({ ...update, seq: index + 1 })),
		owners: new Map(),
		authors: [],
	});
}

/** What every update log promises of the past (S14). `make` gives a fresh disk. */
export function logHistoryContract(make: MakeLog): void {
	const withLog = freshLogs(make);

	test('S14 what was folded stays readable state by state, with who and when, until it is too old', () =>
		withLog(async (log) => {
			const { append } = await log.open(name);
			const updates = updatesOf(1, 30);
			for (const update of updates) await append(update);
			const states = statesThrough(updates);
			for (const upTo of [8, 16, 24]) await log.compact(name, upTo);
			const whole = await log.history(name);
			expect(statesOf(whole)).toEqual(states);
			expect(whole).toMatchObject({ baseSeq: 0, baseAt: 0 });
			const archived = whole.archive.flatMap(unpackUpdates);
			expect(archived.map(({ seq, user, client, at }) => ({ seq, user, client, at }))).toEqual(
				updates
					.slice(0, 24)
					.map(({ user, client, at }, index) => ({ seq: index + 1, user, client, at })),
			);

			// Up to 1015 belongs to what is kept no longer: the first two of three pieces.
			expect(await log.expireHistory(1016 + defaultHistoryMs)).toEqual({
				documents: 1,
				failures: [],
			});
			const rest = await log.history(name);
			expect(rest).toMatchObject({ baseSeq: 16, baseAt: 1015 });
			expect(statesOf(rest)).toEqual(states.slice(16));
			expect(await log.expireHistory(1016 + defaultHistoryMs)).toMatchObject({ documents: 0 });

			// All that was folded: the snapshot itself is the base.
			expect(await log.expireHistory(9999 + defaultHistoryMs)).toMatchObject({ documents: 1 });
			const last = await log.history(name);
			expect(last).toMatchObject({ baseSeq: 24, baseAt: 1023, archive: [] });
			expect(statesOf(last)).toEqual(states.slice(24));
			await log.compact(name, 30);
			expect(statesOf(await log.history(name))).toEqual(states.slice(24));
		}));

	test('S14 who brought what is known for ever, also of what is archived no longer', () =>
		withLog(async (log) => {
			const { append } = await log.open(name);
			const updates = updatesOf(1, 6).map((update, index) => ({ ...update, at: index * 40_000 }));
			for (const update of updates) await append(update);
			await log.compact(name, 3);
			await log.compact(name, 6);
			await log.expireHistory(Date.now() + 2 * defaultHistoryMs);
			const { authors, archive } = await log.history(name);
			expect(archive).toEqual([]);
			// One row for each minute of the clock, whatever was folded together.
			expect(authors.map(({ clock, until, at }) => [clock, until, at])).toEqual([
				[0, 2, 0],
				[2, 3, 80_000],
				[3, 5, 120_000],
				[5, 6, 200_000],
			]);
			expect(authors.every(({ client, user }) => client === 1 && user === 'ada')).toBe(true);
			const known = new Authors(authors);
			expect([0, 1, 4, 5, 6].map((clock) => known.find(1, clock)?.at)).toEqual([
				...[0, 0, 120_000, 200_000],
				undefined,
			]);
			expect(known.find(2, 0)).toBeUndefined();
		}));

	test('S14 without history nothing is archived, and what there was goes', async () => {
		const under = await make();
		const keeping = await under.open();
		const { append } = await keeping.open(name);
		const updates = updatesOf(1, 9);
		for (const update of updates.slice(0, 6)) await append(update);
		await keeping.compact(name, 3);
		await keeping.close();
		const log = await under.open({ historyMs: 0 });
		expect((await log.history(name)).archive).toHaveLength(1);
		await log.expireHistory(0);
		expect(await log.history(name)).toMatchObject({ baseSeq: 3, archive: [] });
		await log.compact(name, 6);
		const { baseSeq, archive, authors } = await log.history(name);
		expect({ baseSeq, archive }).toEqual({ baseSeq: 6, archive: [] });
		expect(authors).toMatchObject([{ clock: 0, until: 6 }]);
		await log.close();
		const again = await under.open();
		const opened = await again.open(name);
		for (const update of updates.slice(6)) await opened.append(update);
		await again.compact(name, 9);
		expect(statesOf(await again.history(name))).toEqual(statesThrough(updates).slice(6));
		await again.close();
	});

	test('S14 a history that is damaged is not read and not folded away; its document is served', () =>
		withLog(async (log, under) => {
			for (const path of [name, 'p/c/answers']) {
				const { append } = await log.open(path);
				for (const update of updatesOf(1, 20)) await append(update);
				await log.compact(path, 10);
				await log.compact(path, 20);
			}
			await under.damageArchive(name);
			await expect(log.history(name)).rejects.toBeInstanceOf(UnreadableDocument);
			const { documents, failures } = await log.expireHistory(1010 + defaultHistoryMs);
			expect(documents).toBe(1);
			expect(failures).toHaveLength(1);
			expect(failures[0]).toBeInstanceOf(UnreadableDocument);
			expect((await log.history('p/c/answers')).baseSeq).toBe(10);
			expect((await log.open(name)).stored.head).toBe(20);
		}));

	test('S14 a document nobody wrote to has an empty history', () =>
		withLog(async (log) => {
			expect(await log.history(name)).toMatchObject({ baseSeq: 0, archive: [], authors: [] });
			expect(await log.expireHistory(Number.MAX_SAFE_INTEGER)).toEqual({
				documents: 0,
				failures: [],
			});
		}));

	test.each([
		{ step: 'write', keeps: false },
		{ step: 'fsync', keeps: false },
		{ step: 'fsync', keeps: true },
	] as const)(
		'S14 what the disk refuses of a fold or of a base ($step, bytes kept: $keeps) loses nothing of the past',
		({ step, keeps }) =>
			withLog(async (log, { faults }) => {
				const updates = updatesOf(1, 20);
				const { append } = await log.open(name);
				for (const update of updates) await append(update);
				const states = statesThrough(updates);
				for (const upTo of [5, 10, 15]) {
					faults.fail(step, 1, 1, keeps);
					await expect(log.compact(name, upTo)).rejects.toThrow();
					faults.mend();
					expect(statesOf(await log.history(name))).toEqual(states);
					await log.compact(name, upTo);
					expect(statesOf(await log.history(name))).toEqual(states);
				}
				for (const [before, baseSeq] of [
					[1005, 5],
					[1015, 15],
				] as const) {
					faults.fail(step, 1, 1, keeps);
					const { failures } = await log.expireHistory(before + defaultHistoryMs);
					expect(failures).toHaveLength(1);
					faults.mend();
					const past = await log.history(name);
					expect(statesOf(past)).toEqual(states.slice(past.baseSeq));
					await log.expireHistory(before + defaultHistoryMs);
					const again = await log.history(name);
					expect(again.baseSeq).toBe(baseSeq);
					expect(statesOf(again)).toEqual(states.slice(baseSeq));
				}
			}),
	);
}
