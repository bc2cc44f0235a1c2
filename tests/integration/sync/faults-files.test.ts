import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqliteLog } from '#sync-server/log/sqlite/open-log.ts';
import { cleanUpAfterEach } from './cleanups.ts';
import { startSyncServer, TestTables, type SyncServer } from './sync-server.ts';
import { CommitFaults, openFaultyLog } from '../../support/faulty-disk.ts';
import { WireClient } from './wire-client.ts';

const cleanups = cleanUpAfterEach();

const batches = ['b', 'c', 'd'];
const pathOf = (batch: string): string => `p/${batch}/answers`;
const writes = 12;
const padding = 'p'.repeat(600);
const textOf = (batch: string, index: number): string => `${batch}-${index}-${padding}`;

function newFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), 'faults-files-'));
	cleanups.push(() => rmSync(folder, { recursive: true }));
	return folder;
}

async function serverOn(
	folder: string,
	open = (file: string) => openSqliteLog({ file }),
	compactionRows = 1000,
): Promise<SyncServer> {
	const tables = new TestTables();
	for (const batch of batches) tables.batches.add(batch);
	const log = await open(join(folder, 'updates.db'));
	const server = await startSyncServer({ log, tables, compactionRows });
	cleanups.push(() => server.close());
	return server;
}

/** Three documents, one after the other, each write acknowledged; then copies of the files as a kill leaves them. */
async function filesOfAKilledServer(): Promise<string> {
	const folder = newFolder();
	const server = await serverOn(folder);
	for (const batch of batches) {
		const client = await WireClient.join(`${server.url}/${pathOf(batch)}`);
		for (let index = 0; index < writes; index++) {
			client.edit((document) =>
				document.getMap('draft').set(`i${index}/v/t`, textOf(batch, index)),
			);
			expect(await client.barrier(`${index}`)).toBe('saved');
		}
		await client.close();
	}
	return copyOf(folder);
}

function copyOf(folder: string): string {
	const copy = newFolder();
	for (const name of ['updates.db', 'updates.db-wal'])
		copyFileSync(join(folder, name), join(copy, name));
	return copy;
}

/** What a server on these files serves of each document; undefined where it refuses. */
async function served(folder: string): Promise<(readonly string[] | undefined)[]> {
	const server = await serverOn(folder);
	const found: (readonly string[] | undefined)[] = [];
	for (const batch of batches) {
		const client = await WireClient.join(`${server.url}/${pathOf(batch)}`);
		if (client.closedWith === undefined) {
			const map = client.document.getMap<string>('draft');
			found.push(Array.from({ length: map.size }, (_, index) => map.get(`i${index}/v/t`)!));
			await client.close();
		} else {
			expect([client.closedWith, client.kinds()]).toEqual([1013, []]);
			found.push(undefined);
		}
	}
	await server.close();
	return found;
}

const whole = (batch: string): string[] =>
	Array.from({ length: writes }, (_, index) => textOf(batch, index));

test('S2 files of a killed server serve everything that was acknowledged', async () => {
	expect(await served(await filesOfAKilledServer())).toEqual(batches.map(whole));
});

test('S3 a write-ahead log that was torn or rotted serves what is before the tear, and never half an update', async () => {
	const files = await filesOfAKilledServer();
	const log = readFileSync(join(files, 'updates.db-wal'));
	for (let piece = 1; piece < 10; piece++) {
		const at = Math.floor((log.length * piece) / 10) + piece * 7;
		for (const hurt of ['torn', 'rotten'] as const) {
			const copy = copyOf(files);
			const bytes = Buffer.from(hurt === 'torn' ? log.subarray(0, at) : log);
			if (hurt === 'rotten') bytes[at]! ^= 0x20;
			writeFileSync(join(copy, 'updates.db-wal'), bytes);
			const found = await served(copy);
			const kept = found.map((values, index) => {
				expect(values, `${hurt} at ${at}`).toEqual(
					whole(batches[index]!).slice(0, values?.length ?? 0),
				);
				return values!.length;
			});
			// In the order in which they were written: a later document has nothing that an earlier lacks.
			const all = kept.reduce((sum, length) => sum + length, 0);
			expect(kept).toEqual(
				batches.map((_, index) => Math.min(writes, Math.max(0, all - index * writes))),
			);
			expect(all).toBeLessThanOrEqual(batches.length * writes);
		}
	}
});

test('S3 a byte of a document that rotted in the main file: it refuses, the others are served, and it serves again once mended', async () => {
	const folder = await filesOfAKilledServer();
	const first = await serverOn(folder);
	await first.close(); // what was in the write-ahead log is in the main file now
	const file = join(folder, 'updates.db');
	const sound = readFileSync(file);
	const at = sound.indexOf(textOf('c', 7)) + 100;
	expect(at).toBeGreaterThan(100);
	const rotten = Buffer.from(sound);
	rotten[at]! ^= 1;
	writeFileSync(file, rotten);
	expect(await served(folder)).toEqual([whole('b'), undefined, whole('d')]);
	writeFileSync(file, sound);
	expect(await served(folder)).toEqual(batches.map(whole));
});

test('S3 wherever one byte of the main file rots, no document is served empty or otherwise than it was', async () => {
	const folder = await filesOfAKilledServer();
	const first = await serverOn(folder);
	await first.close();
	const file = join(folder, 'updates.db');
	const sound = readFileSync(file);
	const outcomes = { refused: 0, whole: 0, unopened: 0 };
	for (let step = 0; step < 40; step++) {
		const rotten = Buffer.from(sound);
		rotten[Math.floor((sound.length * (step + 0.5)) / 40) + (step % 13)]! ^= 1 << (step % 8);
		writeFileSync(file, rotten);
		const found = await served(folder).catch(() => undefined);
		if (!found) outcomes.unopened++;
		for (const [index, values] of (found ?? []).entries()) {
			if (values) expect(values, `step ${step}`).toEqual(whole(batches[index]!));
			outcomes[values ? 'whole' : 'refused']++;
		}
	}
	expect(outcomes.whole).toBeGreaterThan(40);
	expect(outcomes.refused).toBeGreaterThan(3);
});

test('S3 a document whose name rotted, wherever it is written, is not taken for a new one', async () => {
	const folder = await filesOfAKilledServer();
	const first = await serverOn(folder);
	await first.close();
	const file = join(folder, 'updates.db');
	const sound = readFileSync(file);
	let places = 0;
	for (let at = sound.indexOf(pathOf('c')); at >= 0; at = sound.indexOf(pathOf('c'), at + 1)) {
		places++;
		const rotten = Buffer.from(sound);
		rotten[at + 2]! ^= 0x10;
		writeFileSync(file, rotten);
		const [, values] = await served(folder);
		if (values) expect(values, `at ${at}`).toEqual(whole('c'));
	}
	expect(places).toBeGreaterThan(1);
});

test.each([true, false])(
	'S1 S2 an fsync that fails (bytes kept: %s): nobody hears of the update, its document begins again, others go on',
	async (keeps) => {
		const faults = new CommitFaults();
		const server = await serverOn(newFolder(), (file) => openFaultyLog({ file }, faults));
		const join = (batch: string, user: string) =>
			WireClient.join(`${server.url}/${pathOf(batch)}?user=${user}`);
		const set = (client: WireClient, value: string) =>
			client.edit((document) => document.getMap('draft').set('i1/v/t', value));
		const [writer, reader, other] = [
			await join('b', 'ada'),
			await join('b', 'bob'),
			await join('c', 'eve'),
		];
		set(writer, 'before');
		expect(await writer.barrier('before')).toBe('saved');
		faults.fail('fsync', 1, 1, keeps);
		set(writer, 'lost');
		expect(await writer.barrier('lost')).toBe('closed');
		await reader.until(() => false);
		expect([writer.closedWith, reader.closedWith]).toEqual([1013, 1013]);
		expect(reader.document.getMap('draft').get('i1/v/t')).toBe('before');
		set(other, 'after');
		expect(await other.barrier('after')).toBe('saved');
		const again = await join('b', 'ada');
		expect(again.document.getMap('draft').get('i1/v/t')).toBe(keeps ? 'lost' : 'before');
		set(again, 'after');
		expect(await again.barrier('after')).toBe('saved');
	},
);

test('S1 a thread that the disk does not answer: who has a document open reads on, and everything is saved when it answers', async () => {
	const faults = new CommitFaults();
	const server = await serverOn(newFolder(), (file) => openFaultyLog({ file }, faults));
	const join = (batch: string) => WireClient.join(`${server.url}/${pathOf(batch)}`);
	const [writer, reader] = [await join('b'), await join('c')];
	reader.edit((document) => document.getMap('draft').set('i1/v/t', 'there'));
	expect(await reader.barrier('there')).toBe('saved');
	faults.stall(true);
	cleanups.push(() => faults.stall(false));
	writer.edit((document) => document.getMap('draft').set('i1/v/t', 'a'));
	const saved = writer.barrier('a');
	const late = join('c');
	const fresh = join('d');
	expect((await late).document.getMap('draft').toJSON()).toEqual({ 'i1/v/t': 'there' });
	expect(writer.kinds()).not.toContain('barrier');
	faults.stall(false);
	expect(await saved).toBe('saved');
	expect((await fresh).document.getMap('draft').size).toBe(0);
});
