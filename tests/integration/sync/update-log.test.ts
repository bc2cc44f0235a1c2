import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MemoryDisk, openMemoryLog } from '#sync-server/log/memory-log.ts';
import { openSqliteLog } from '#sync-server/log/sqlite/open-log.ts';
import { logHistoryContract } from '../../contracts/sync/log-history.ts';
import { updateLogContract, updatesOf, type MakeLog } from '../../contracts/sync/update-log.ts';
import { CommitFaults, openFaultyLog } from '../../support/faulty-disk.ts';

describe('the update log in memory', () => {
	const make: MakeLog = () => {
		const disk = new MemoryDisk();
		const faults = new CommitFaults();
		disk.fault = () => {
			const fault = faults.next();
			return fault && { error: new Error('disk I/O error'), keeps: fault.keeps };
		};
		return {
			faults,
			open: (options) => Promise.resolve(openMemoryLog(disk, options)),
			damage(document, seq) {
				const row = disk.documents.get(document)!.updates.find((update) => update.seq === seq)!;
				row.data[row.data.length >> 1]! ^= 1;
			},
			damageArchive(document) {
				const { data } = disk.documents.get(document)!.past.pieces[0]!;
				data[data.length >> 1]! ^= 1;
			},
			fill(isFull) {
				disk.failure = isFull ? new Error('database or disk is full') : undefined;
			},
		};
	};
	updateLogContract(make);
	logHistoryContract(make);
});

describe('the update log in SQLite', () => {
	const make: MakeLog = () => {
		const folder = mkdtempSync(join(tmpdir(), 'update-log-'));
		onTestFinished(() => rmSync(folder, { recursive: true }));
		const file = join(folder, 'updates.sqlite');
		const faults = new CommitFaults();
		return {
			faults,
			// 2 MB of pages: an update of 4 MB meets a full disk, with SQLite's own SQLITE_FULL.
			open: (options) => openFaultyLog({ file, maxPages: 512, ...options }, faults),
			damage(document, seq) {
				const sql = new DatabaseSync(file);
				sql
					.prepare(
						`UPDATE updates SET data = CAST(substr(data, 1, 4) || x'ff' || substr(data, 6) AS BLOB)
						WHERE seq = ? AND document = (SELECT id FROM documents WHERE name = ?)`,
					)
					.run(seq, document);
				sql.close();
			},
			damageArchive(document) {
				const sql = new DatabaseSync(file);
				sql
					.prepare(
						`UPDATE archive SET data = CAST(substr(data, 1, 20) || x'ff00' || substr(data, 23) AS BLOB)
						WHERE seq = 1 AND document = (SELECT id FROM documents WHERE name = ?)`,
					)
					.run(document);
				sql.close();
			},
			fill: () => undefined,
		};
	};
	updateLogContract(make);
	logHistoryContract(make);
});

test('a log of before there were cursors, numbers of changes and versions is opened and goes on', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'update-log-'));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	const file = join(folder, 'updates.sqlite');
	const names = ['p/c/answers', 'p/b/answers', 'q/a/notes'];
	const before = await openSqliteLog({ file });
	for (const name of names) await (await before.open(name)).append(updatesOf(1, 1)[0]!);
	await before.close();
	const sql = new DatabaseSync(file);
	sql.exec(`DROP INDEX documents_by_change; DROP TABLE newest_change;
		ALTER TABLE documents DROP COLUMN changed; ALTER TABLE documents DROP COLUMN head_crc;
		ALTER TABLE documents DROP COLUMN least_writer;`);
	sql.close();

	for (const round of [1, 2]) {
		const log = await openSqliteLog({ file });
		const changed = async (after: number) =>
			(await log.changed(['p/', 'q/'], after, 10)).map(({ name }) => name);
		if (round === 1) expect(await changed(0)).toEqual(names);
		const last = await log.lastChange(['p/', 'q/']);
		await (await log.open('p/b/answers')).append(updatesOf(round + 1, 1)[0]!);
		expect(await changed(last)).toEqual(['p/b/answers']);
		expect((await log.open('p/b/answers')).stored).toMatchObject({
			head: round + 1,
			leastWriter: 0,
		});
		await log.close();
	}
});

test('S14 a log from before there was history is opened, and keeps it from its snapshot on', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'update-log-'));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	const file = join(folder, 'updates.sqlite');
	const updates = updatesOf(1, 9);
	const before = await openSqliteLog({ file });
	const { append } = await before.open('p/b/answers');
	for (const update of updates.slice(0, 6)) await append(update);
	await before.compact('p/b/answers', 3);
	await before.close();
	const sql = new DatabaseSync(file);
	sql.exec('DROP TABLE archive; DROP TABLE bases; DROP TABLE authors');
	sql.close();

	const log = await openSqliteLog({ file });
	expect(await log.history('p/b/answers')).toMatchObject({
		...{ baseSeq: 3, baseAt: 1002, archive: [], authors: [] },
		updates: [{ seq: 4 }, { seq: 5 }, { seq: 6 }],
	});
	await log.compact('p/b/answers', 6);
	const { base, ...kept } = await log.history('p/b/answers');
	expect(base).toBeDefined();
	expect(kept).toMatchObject({
		...{ baseSeq: 3, baseAt: 1002, archive: [{ seq: 4, upTo: 6 }], updates: [] },
		authors: [{ client: 1, clock: 3, until: 6, user: 'ada' }],
	});
	await log.close();
});
