import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { ErrorBody } from '#shared/api/errors.ts';
import { Flywheel } from '../../support/flywheel.ts';
import { sentiment } from '../core/test-server.ts';
import { WireClient } from '../sync/wire-client.ts';

const preload = join(import.meta.dirname, '../../support/failing-disk.ts');

let flywheel: Flywheel;
let batch: string;
beforeAll(async () => {
	flywheel = await Flywheel.start({
		environment: {
			FLYWHEEL_SAMPLES: '0',
			FLYWHEEL_RUNNER: '0',
			NODE_OPTIONS: `--import=${preload}`,
		},
	});
	await flywheel.call('POST', '/api/projects', { name: 'Target', schema: sentiment });
	await importLines('a');
	const made = await flywheel.call<{ batches: string[] }>('POST', '/api/projects/target/batches', {
		purpose: 'label',
		choose: { by: 'oldest', count: 10 },
		members: ['owner'],
	});
	batch = made.batches[0]!;
});
afterAll(() => flywheel.remove());

const send = (method: string, path: string, body?: string) =>
	fetch(flywheel.direct + path, {
		method,
		headers: { Authorization: `Bearer ${flywheel.token}` },
		...(body !== undefined && { body }),
	});
const importLines = (id: string) =>
	send(
		'POST',
		'/api/projects/target/import',
		Array.from({ length: 10 }, (_, n) =>
			JSON.stringify({ id: `${id}${n}`, data: { text: `${id} ${n}` } }),
		).join('\n'),
	);
const enter = () =>
	WireClient.join(
		`ws://127.0.0.1:${flywheel.port}/sync/target/${batch}/answers?token=${flywheel.token}`,
	);
const draft = (client: WireClient, value: string) => {
	client.edit((document) => document.getMap('draft').set('a1/v/sentiment', value));
	return client.barrier(value);
};

/** Lets every commit to a database fail; what comes back ends that. */
function failing(database: string): () => void {
	const mark = join(flywheel.home, 'data', `${database}.fails`);
	writeFileSync(mark, '');
	return () => rmSync(mark);
}

async function health(): Promise<{ status: number; code?: string }> {
	const reply = await fetch(`${flywheel.direct}/healthz`);
	const body = (await reply.json()) as Partial<ErrorBody> & { ok: boolean };
	expect(body.ok).toBe(reply.status === 200);
	return { status: reply.status, ...(body.error && { code: body.error.code }) };
}

const troubled = { status: 503, code: 'disk_failed' };

test('while the disk below the tables fails, commands say so, pages are read, labels are saved; then it goes on by itself', async () => {
	expect(await health()).toEqual({ status: 200 });
	const client = await enter();
	const mend = failing('tables.db');
	for (let round = 0; round < 3; round++) {
		const refused = await importLines('b');
		expect(refused.status).toBe(503);
		expect((await refused.json()) as ErrorBody).toMatchObject({
			error: { code: 'disk_failed', hint: expect.stringContaining('disk') as string },
		});
		expect((await send('GET', '/api/projects/target/items?limit=5')).status).toBe(200);
		expect(await draft(client, `during ${round}`)).toBe('saved');
		expect(await health()).toEqual(troubled);
	}
	expect(flywheel.output.match(/the disk failed: nothing is saved/g)).toHaveLength(1);
	mend();
	expect(await health()).toEqual({ status: 200 });
	expect(flywheel.output).toContain('the disk works again');
	expect((await importLines('b')).status).toBe(200);
	await client.close();
});

test('while the disk below the documents fails, nothing is said to be saved, commands work; then it goes on by itself', async () => {
	const client = await enter();
	expect(await draft(client, 'before')).toBe('saved');
	const mend = failing('updates.db');
	expect(await draft(client, 'lost')).toBe('closed');
	expect(client.closedWith).toBe(1013);
	expect(await health()).toEqual(troubled);
	expect((await importLines('c')).status).toBe(200);
	mend();
	await vi.waitFor(async () => expect(await health()).toEqual({ status: 200 }));
	const again = await enter();
	expect(again.document.getMap('draft').get('a1/v/sentiment')).toBe('before');
	expect(await draft(again, 'after')).toBe('saved');
	await again.close();
});

test('what was done and saved before, during and after is there after a kill', async () => {
	await flywheel.kill();
	await flywheel.launch();
	const { total } = await flywheel.call<{ total: number }>(
		'GET',
		'/api/projects/target/items?limit=1',
	);
	expect(total).toBe(30);
	const client = await enter();
	expect(client.document.getMap('draft').get('a1/v/sentiment')).toBe('after');
	await client.close();
});
