import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { DiskWatch } from '#sync-server/disk-watch.ts';
import { LogFile } from '#sync-server/log/sqlite/log-file.ts';
import { openLogFile } from '#sync-server/log/sqlite/log-schema.ts';
import { openDatabase } from '#sync-server/tables/sqlite/database.ts';
import { openTables } from '#sync-server/tables/sqlite/open-tables.ts';
import { updatesOf } from '../../contracts/sync/update-log.ts';
import { CommitFaults, openFaultyLog } from '../../support/faulty-disk.ts';

const name = 'p/b/answers';

function newFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), 'faults-log-'));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	return folder;
}

test('S2 after an I/O error nothing is written before the file was opened anew; a full disk leaves no doubt', async () => {
	const faults = new CommitFaults();
	const log = await openFaultyLog({ file: join(newFolder(), 'updates.db'), maxPages: 512 }, faults);
	onTestFinished(() => log.close());
	const [first, second, third] = updatesOf(1, 3);
	const append = async (update: typeof first): Promise<number> =>
		(await log.open(name)).append(update!);
	await append(first);
	await expect(append({ ...second!, data: new Uint8Array(4_000_000) })).rejects.toThrow('full');
	expect(await append(second)).toBe(2);
	expect(faults.closed).toBe(0);

	faults.fail('fsync', 1, 1);
	await expect(append(third)).rejects.toThrow('disk I/O error');
	expect(await log.cursor(name)).toMatchObject({ seq: 2 });
	expect(faults.closed).toBe(0);
	expect(await append(third)).toBe(3);
	expect(faults.closed).toBe(1);
});

test('a disk that does not answer is said to, once, until it does', async () => {
	const faults = new CommitFaults();
	const log = await openFaultyLog({ file: join(newFolder(), 'updates.db') }, faults);
	onTestFinished(() => log.close());
	onTestFinished(() => faults.stall(false));
	const said: string[] = [];
	const logger = pino({}, { write: (line: string) => said.push(line) });
	const disks = new DiskWatch({ documents: log }, logger, { answerMs: 50 });
	onTestFinished(() => disks.close());
	await disks.check();
	expect(disks.failing()).toEqual({ documents: 0 });
	const { append } = await log.open(name);
	faults.stall(true);
	const appended = append(updatesOf(1, 1)[0]!);
	await expect.poll(() => faults.isHolding).toBe(true);
	for (let asked = 0; asked < 3; asked++)
		await expect(disks.check()).rejects.toMatchObject({ code: 'disk_failed' });
	expect(disks.failing()).toEqual({ documents: 1 });
	faults.stall(false);
	await appended;
	await disks.check();
	expect(disks.failing()).toEqual({ documents: 0 });
	expect(said.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
		'the disk failed: nothing is saved',
		'the disk works again',
	]);
});

test('S1 what a killed server left in its write-ahead log is in the main file before anybody reads it', () => {
	const folder = newFolder();
	const file = join(folder, 'updates.db');
	const log = new LogFile(() => openLogFile(file));
	log.append(updatesOf(1, 3).map((update) => ({ document: name, update })));
	// The files as a kill leaves them: everything is in the write-ahead log.
	const left = join(newFolder(), 'updates.db');
	for (const ending of ['', '-wal']) copyFileSync(file + ending, left + ending);
	log.close();
	expect(statSync(`${left}-wal`).size).toBeGreaterThan(4096);

	const opened = openLogFile(left);
	onTestFinished(() => opened.close());
	expect(statSync(`${left}-wal`).size).toBe(0);
	const alone = join(newFolder(), 'updates.db');
	copyFileSync(left, alone);
	const main = new DatabaseSync(alone, { readOnly: true });
	onTestFinished(() => main.close());
	expect(main.prepare('SELECT name, head FROM documents').all()).toEqual([{ name, head: 3 }]);
});

test('what a killed server left in the write-ahead log of its tables is in the main file before anybody reads it', async () => {
	const file = join(newFolder(), 'tables.db');
	const tables = await openTables({ file });
	await tables.settings.put('epoch', 'kept');
	const left = join(newFolder(), 'tables.db');
	for (const ending of ['', '-wal']) copyFileSync(file + ending, left + ending);
	await tables.close();

	const opened = openDatabase(left);
	onTestFinished(() => opened.close());
	const alone = join(newFolder(), 'tables.db');
	copyFileSync(left, alone);
	const main = new DatabaseSync(alone, { readOnly: true });
	onTestFinished(() => main.close());
	expect(main.prepare("SELECT value FROM settings WHERE key = 'epoch'").all()).toEqual([
		{ value: 'kept' },
	]);
});
