import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ItemPage } from '#shared/api/replies.ts';
import { Flywheel } from '../../support/flywheel.ts';
import { makeSmallDisk, type SmallDisk } from '../../support/small-disk.ts';
import { sentiment } from '../core/test-server.ts';
import { WireClient } from '../sync/wire-client.ts';
import { expectError, hashOf } from './hostile-world.ts';

const diskBytes = 32 << 20;

let home: string;
let disk: SmallDisk;
let flywheel: Flywheel;
let batch: string;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'flywheel-disk-'));
	disk = makeSmallDisk(home, diskBytes);
	flywheel = await Flywheel.startEmpty({ home });
	await flywheel.call('POST', '/api/projects', { name: 'Target', schema: sentiment });
	await importLines(0, 200);
	const made = await flywheel.call<{ batches: string[] }>('POST', '/api/projects/target/batches', {
		purpose: 'label',
		choose: { by: 'oldest', count: 200 },
		members: ['owner'],
	});
	batch = made.batches[0]!;
});
afterAll(async () => {
	await flywheel.remove();
	disk.remove();
	await rm(home, { recursive: true, force: true });
});

const send = (method: string, path: string, body?: BodyInit) =>
	fetch(flywheel.direct + path, {
		method,
		headers: { Authorization: `Bearer ${flywheel.token}` },
		...(body === undefined ? {} : { body }),
	});

function importLines(from: number, count: number): Promise<Response> {
	const lines = Array.from({ length: count }, (_, n) =>
		JSON.stringify({ id: `i${from + n}`, data: { text: `Text ${from + n}`.padEnd(300, '.') } }),
	);
	return send('POST', '/api/projects/target/import', lines.join('\n'));
}

const blobPath = (bytes: Uint8Array) => `/api/projects/target/blobs/${hashOf(bytes)}`;
const total = async () =>
	(await flywheel.call<ItemPage>('GET', '/api/projects/target/items?limit=1')).total;

const enter = () =>
	WireClient.join(
		`ws://127.0.0.1:${flywheel.port}/sync/target/${batch}/answers?token=${flywheel.token}`,
	);
const drafts = (client: WireClient) => client.document.getMap<string>('draft');

test('a full disk is said, nothing acknowledged is lost, and work goes on once there is room', async () => {
	const kept = randomBytes(1 << 20);
	expect((await send('PUT', blobPath(kept), kept)).status).toBe(201);
	const before = await enter();
	const acknowledged: string[] = [];
	const draft = async (client: WireClient, n: number): Promise<boolean> => {
		const key = `i${n}/v/sentiment`;
		client.edit((document) => document.getMap('draft').set(key, 'positive'));
		const isSaved = (await client.barrier(key)) === 'saved';
		if (isSaved) acknowledged.push(key);
		return isSaved;
	};
	for (let n = 0; n < 10; n += 1) expect(await draft(before, n)).toBe(true);

	const free = await disk.fill(flywheel.pid);
	const large = randomBytes(4 << 20);
	await expectError(await send('PUT', blobPath(large), large), 'disk_full', /disk/);
	await expectError(await importLines(1000, 20_000), 'disk_full', /disk/);
	let n = 10;
	while (n < 200 && (await draft(before, n))) n += 1;
	expect(n).toBeLessThan(200);
	await before.close();

	// What is there can be read, and the server lives.
	expect((await send('GET', '/healthz')).status).toBe(200);
	expect(hashOf(await (await send('GET', blobPath(kept))).bytes())).toBe(hashOf(kept));
	await expectError(await send('GET', blobPath(large)), 'not_found', hashOf(large));
	const durable = await total();
	expect(durable).toBeGreaterThanOrEqual(200);

	await free();
	expect((await send('PUT', blobPath(large), large)).status).toBe(201);
	expect(await (await importLines(1000, 2000)).json()).toMatchObject({ refused: 0 });
	expect(await total()).toBeGreaterThanOrEqual(2200);
	const after = await enter();
	expect(Object.keys(drafts(after).toJSON())).toEqual(expect.arrayContaining(acknowledged));
	expect(await draft(after, n)).toBe(true);
	await after.close();

	await flywheel.kill();
	await flywheel.launch();
	expect(await total()).toBeGreaterThanOrEqual(2200);
	expect(hashOf(await (await send('GET', blobPath(large))).bytes())).toBe(hashOf(large));
	const again = await enter();
	expect(Object.keys(drafts(again).toJSON())).toEqual(expect.arrayContaining(acknowledged));
	await again.close();
});
