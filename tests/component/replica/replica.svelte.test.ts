import { flushSync } from 'svelte';
import { expect, onTestFinished, test } from 'vitest';
import { applyChanges, readChangePage, readCursor } from '#app/replica/apply-changes.ts';
import { openReplica, type Replica } from '#app/replica/database.ts';
import { liveRows } from '#app/replica/live.svelte.ts';
import { newDocumentRow } from '#app/documents/device/document-storage.ts';
import type { Row } from '#shared/replica/rows.ts';
import { watch } from '../documents/device.svelte.ts';

function open(): Replica {
	const replica = openReplica(crypto.randomUUID(), 'u1');
	onTestFinished(() => replica.close());
	return replica;
}

function run(id: string, project: string): Row<'runs'> {
	return { id, project, name: 'first', state: 'queued' } as Row<'runs'>;
}

function project(id: string): Row<'projects'> {
	return { id, name: id, role: 'owner' } as Row<'projects'>;
}

test('a page of changes and its cursor become true together', async () => {
	const replica = open();
	const page = readChangePage(
		[
			JSON.stringify({ table: 'projects', id: 'p1', row: project('p1') }),
			JSON.stringify({ table: 'runs', id: '1', row: run('1', 'p1') }),
			JSON.stringify({ table: 'runs', id: '2', row: run('2', 'p1') }),
			JSON.stringify({ table: 'runs', id: '1', row: null }),
			JSON.stringify({ cursor: 'c1', more: false }),
			'',
		].join('\n'),
	)!;
	await applyChanges(replica, page.rows, page.cursor);
	expect(await replica.runs.toCollection().primaryKeys()).toEqual(['2']);
	expect(await readCursor(replica)).toBe('c1');
});

test('an answer that was cut off counts as nothing, a reset asks to begin again', () => {
	const line = JSON.stringify({ table: 'runs', id: '1', row: run('1', 'p1') });
	expect(() => readChangePage(`${line}\n`)).toThrow('ended early');
	expect(readChangePage('{"reset":true}\n')).toBeUndefined();
});

test('a project that is lost takes its rows along, and never what was written', async () => {
	const replica = open();
	await applyChanges(
		replica,
		[
			{ table: 'projects', id: 'p1', row: project('p1') },
			{ table: 'projects', id: 'p2', row: project('p2') },
			{ table: 'runs', id: '1', row: run('1', 'p1') },
			{ table: 'runs', id: '2', row: run('2', 'p2') },
		],
		'c1',
	);
	await replica.documents.put({ ...newDocumentRow('p1/b1/answers'), localHead: 1, isDirty: 1 });
	await replica.updates.put({ document: 'p1/b1/answers', seq: 1, data: new Uint8Array([0, 0]) });
	await applyChanges(replica, [{ table: 'projects', id: 'p1', row: null }], 'c2');
	expect(await replica.runs.toCollection().primaryKeys()).toEqual(['2']);
	expect(await replica.documents.count()).toBe(1);
	await applyChanges(replica, [], 'c3', { isRebuild: true });
	expect(await replica.projects.count()).toBe(0);
	expect(await replica.updates.count()).toBe(1);
});

test('a page sees rows change, and asks again when what it asks for changes', async () => {
	const replica = open();
	await replica.runs.bulkPut([run('1', 'p1'), run('2', 'p2')]);
	let wanted = $state('p1');
	let queries = 0;
	const rows = liveRows(() => {
		queries++;
		return replica.runs.where('project').equals(wanted).primaryKeys();
	}, []);
	const seen = watch(() => [rows.isLoaded, rows.current] as const);
	expect(seen.current ?? [false, []]).toEqual([false, []]);
	await expect.poll(() => seen.current).toEqual([true, ['1']]);
	expect(queries).toBe(1);

	await replica.runs.put(run('3', 'p1'));
	await expect.poll(() => seen.current[1]).toEqual(['1', '3']);
	wanted = 'p2';
	flushSync();
	await expect.poll(() => seen.current[1]).toEqual(['2']);
	await replica.runs.delete('2');
	await expect.poll(() => seen.current[1]).toEqual([]);
});

test('an async query with several steps is followed in each of them', async () => {
	const replica = open();
	await replica.projects.put(project('p1'));
	await replica.runs.put(run('1', 'p1'));
	const rows = liveRows(async () => {
		const first = await replica.projects.toCollection().first();
		return first ? replica.runs.where('project').equals(first.id).count() : 0;
	}, 0);
	const seen = watch(() => rows.current);
	await expect.poll(() => seen.current).toBe(1);
	await replica.runs.put(run('2', 'p1'));
	await expect.poll(() => seen.current).toBe(2);
	await replica.projects.delete('p1');
	await expect.poll(() => seen.current).toBe(0);
});
