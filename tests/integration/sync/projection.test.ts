import { expect, test } from 'vitest';
import type * as Y from 'yjs';
import { MemoryDisk } from '#sync-server/log/memory-log.ts';
import { submission } from '../../unit/sync/hostile-updates.ts';
import { cleanUpAfterEach, serversIn } from './cleanups.ts';
import { startSyncServer, TestTables } from './sync-server.ts';
import { WireClient } from './wire-client.ts';

const server = serversIn(cleanUpAfterEach());
const answers = 'p/b/answers';
const submit =
	(id: string) =>
	(document: Y.Doc): void =>
		void document.getMap('submitted').set(id, submission(id));

/** What the tables were told, in order, without times. */
function told(tables: TestTables): unknown[] {
	return tables.changes.flatMap(({ entries }) =>
		entries.map(({ map, key, user }) => `${map} ${key} by ${user}`),
	);
}

test('durable submissions and verdicts reach the tables, with who wrote them and when they came', async () => {
	const { url, tables, time } = await server();
	const ada = await WireClient.join(`${url}/${answers}?user=ada`);
	ada.edit((document) => document.getMap('draft').set('i1/v/t', 1));
	await ada.barrier('draft');
	ada.edit(submit('s1'));
	await ada.barrier('submitted');
	time.now += 60_000;
	const bob = await WireClient.join(`${url}/p/b/verdicts?user=bob`);
	bob.edit((document) =>
		document.getMap('verdict').set('i1/s1/bob', { kind: 'accepted', at: '2026-01-01T00:00:00Z' }),
	);
	await bob.barrier();
	await expect.poll(() => told(tables)).toHaveLength(2);
	expect(told(tables)).toEqual(['submitted s1 by ada', 'verdict i1/s1/bob by bob']);
	expect(tables.changes.map(({ entries }) => entries[0]!.receivedAt)).toEqual([
		'2026-01-01T00:00:00.000Z',
		'2026-01-01T00:01:00.000Z',
	]);
	expect(tables.changes[0]).toMatchObject({ name: answers, upTo: 2 });
});

test('nothing reaches the tables before its commit', async () => {
	const disk = new MemoryDisk();
	const { url, tables } = await server({ disk });
	const ada = await WireClient.join(`${url}/${answers}?user=ada`);
	disk.failure = new Error('database or disk is full');
	ada.edit(submit('s1'));
	await ada.until(() => false);
	expect(told(tables)).toEqual([]);
});

test('tables that fail delay no acknowledgement and get everything once they work again', async () => {
	const { url, tables } = await server();
	tables.failure = new Error('the tables are busy');
	const ada = await WireClient.join(`${url}/${answers}?user=ada`);
	for (const id of ['s1', 's2', 's3']) {
		ada.edit(submit(id));
		expect(await ada.barrier(id)).toBe('saved');
	}
	expect(told(tables)).toEqual([]);
	tables.failure = undefined;
	await expect.poll(() => told(tables)).toHaveLength(3);
	expect(told(tables)).toEqual(['s1', 's2', 's3'].map((id) => `submitted ${id} by ada`));
});

test('after a crash between the log and the tables, the start catches up from the log', async () => {
	const disk = new MemoryDisk();
	const first = await startSyncServer({ disk });
	const ada = await WireClient.join(`${first.url}/${answers}?user=ada`);
	for (const id of ['s1', 's2']) {
		ada.edit(submit(id));
		await ada.barrier(id);
	}
	await first.close();

	const tables = new TestTables();
	tables.watermarks.set(answers, 1);
	const { documents } = await server({ disk, tables });
	await documents.catchUp();
	expect(told(tables)).toEqual(['submitted s2 by ada']);
	expect(tables.watermarks.get(answers)).toBe(2);
	await documents.catchUp();
	expect(told(tables)).toHaveLength(1);
});

test('S8 compaction waits for the tables, and tables from an older backup are told all of it', async () => {
	const disk = new MemoryDisk();
	const first = await startSyncServer({ disk, compactionRows: 5 });
	const ada = await WireClient.join(`${first.url}/${answers}?user=ada`);
	first.tables.failure = new Error('the tables are busy');
	for (let index = 0; index < 12; index++) {
		ada.edit(submit(`s${index}`));
		await ada.barrier(`${index}`);
	}
	expect(disk.documents.get(answers)!.snapshotSeq).toBe(0);
	first.tables.failure = undefined;
	await expect.poll(() => told(first.tables)).toHaveLength(12);
	for (let index = 12; index < 24; index++) {
		ada.edit(submit(`s${index}`));
		await ada.barrier(`${index}`);
	}
	await expect.poll(() => disk.documents.get(answers)!.snapshotSeq).toBeGreaterThanOrEqual(12);
	await first.close();

	const { documents, tables } = await server({ disk, compactionRows: 5 });
	await documents.catchUp();
	expect(new Set(told(tables))).toEqual(
		new Set(Array.from({ length: 24 }, (_, index) => `submitted s${index} by ada`)),
	);
});

test('a document that is left writes its watermark, so that a start has nothing to read', async () => {
	const { url, tables } = await server();
	const ada = await WireClient.join(`${url}/${answers}?user=ada`);
	ada.edit((document) => document.getMap('draft').set('i1/v/t', 1));
	await ada.barrier();
	await ada.close();
	await expect.poll(() => tables.watermarks.get(answers)).toBe(1);
});

test('what a failed commit left on the disk reaches the tables, though nobody writes again', async () => {
	const disk = new MemoryDisk();
	const { url, tables } = await server({ disk });
	const ada = await WireClient.join(`${url}/${answers}?user=ada`);
	disk.fault = () => {
		disk.fault = () => undefined;
		return { error: new Error('fsync failed'), keeps: true };
	};
	ada.edit(submit('s1'));
	await ada.until(() => false);
	expect(ada.closedWith).toBe(1013);
	await expect.poll(() => told(tables)).toHaveLength(1);
	expect(told(tables)).toEqual(['submitted s1 by ada']);
});
