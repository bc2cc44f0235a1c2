import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { EndedCredentials } from '#sync-server/accounts/ended-credentials.ts';
import type { AdmissionLimits } from '#sync-server/http/admission.ts';
import { acceptSockets } from '#sync-server/http/sockets.ts';
import { MemoryDisk, openMemoryLog } from '#sync-server/log/memory-log.ts';
import { cleanUpAfterEach } from './cleanups.ts';
import { startSyncServer, TestTables } from './sync-server.ts';
import { WireClient } from './wire-client.ts';

const cleanups = cleanUpAfterEach();

/** A door with small limits. `?token=` is who comes; a document is loaded when `release` is called. */
async function door(limits: AdmissionLimits = { sockets: 6, socketsOfOne: 4, joining: 2 }) {
	const server = createServer();
	const waiting: (() => void)[] = [];
	const faults: unknown[] = [];
	const sockets = acceptSockets({
		server,
		identify: {
			socket: ({ query }) => {
				const user = query.get('token')!;
				return Promise.resolve({
					kind: 'person' as const,
					user,
					name: user,
					via: 'token' as const,
					credential: user,
				});
			},
		},
		ended: new EndedCredentials(),
		expiry: { watch: () => () => undefined },
		live: () => Promise.resolve(),
		sync: () => new Promise((resolve) => waiting.push(resolve)),
		onFault: (error) => faults.push(error),
		limits,
	});
	await once(server.listen(0, '127.0.0.1'), 'listening');
	const release = (): void => {
		for (const resolve of waiting.splice(0)) resolve();
	};
	cleanups.push(async () => {
		release();
		await sockets.close();
		server.close();
		expect(faults).toEqual([]);
	});
	const address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const open = async (path: string): Promise<WebSocket> => {
		const socket = new WebSocket(address + path);
		await once(socket, 'open');
		return socket;
	};
	const refused = async (path: string): Promise<IncomingMessage> => {
		const socket = new WebSocket(address + path);
		const [request, response] = (await once(socket, 'unexpected-response')) as [
			{ destroy(): void },
			IncomingMessage,
		];
		request.destroy();
		return response;
	};
	return { open, refused, release, sockets, waiting };
}

describe('a storm', () => {
	test('of more than can be served at once is told 503 and when to come again', async () => {
		const { open, refused, release, waiting } = await door();
		await Promise.all([open('/sync/a?token=ada'), open('/sync/b?token=bob')]);
		const answer = await refused('/sync/c?token=eve');
		expect(answer.statusCode).toBe(503);
		expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(2);
		expect((await refused('/live?token=eve')).statusCode).toBe(503);
		while (waiting.length < 2) await new Promise((resolve) => setImmediate(resolve));
		release();
		await new Promise((resolve) => setImmediate(resolve));
		await open('/sync/c?token=eve');
	});

	test('ends at so many sockets in all; one that goes makes room', async () => {
		const { open, refused } = await door();
		const held = [];
		for (const user of ['ada', 'bob', 'eve', 'ada', 'bob', 'eve'])
			held.push(await open(`/live?token=${user}`));
		expect((await refused('/live?token=lin')).statusCode).toBe(503);
		held[0]!.close();
		await once(held[0]!, 'close');
		await open('/live?token=lin');
	});

	test('by one person ends at their own limit, and others come in', async () => {
		const { open } = await door();
		for (let count = 0; count < 4; count++) await open('/live?token=eve');
		const fifth = await open('/live?token=eve');
		const [code] = (await once(fifth, 'close')) as [number];
		expect(code).toBe(1013);
		await open('/live?token=ada');
	});

	test('on documents loads 64 at once, in the order of their coming', async () => {
		const disk = new MemoryDisk();
		const log = openMemoryLog(disk);
		const tables = new TestTables();
		const asked: string[] = [];
		let loading = 0;
		let most = 0;
		const server = await startSyncServer({
			tables,
			disk,
			log: {
				...log,
				async open(document) {
					asked.push(document);
					most = Math.max(most, ++loading);
					return log.open(document).finally(() => loading--);
				},
			},
		});
		cleanups.push(() => server.close());
		const batches = Array.from({ length: 150 }, (_, index) => `b${index}`);
		for (const batch of batches) tables.batches.add(batch);
		let release = (): void => undefined;
		disk.ready = new Promise((resolve) => (release = resolve));
		const clients = batches.map((batch) =>
			WireClient.join(`${server.url}/p/${batch}/answers`, { wakes: true }),
		);
		while (server.documents.stats().connections < 150)
			await new Promise((resolve) => setImmediate(resolve));
		expect(asked).toHaveLength(64);
		release();
		const joined = await Promise.all(clients);
		expect(asked).toHaveLength(150);
		expect(most).toBeLessThanOrEqual(64);
		await Promise.all(joined.map((client) => client.close()));
	});
});

describe('a restart', () => {
	test('spreads its goodbyes, in no order, so that not all come back at once', async () => {
		const { open, sockets } = await door({ sockets: 500, socketsOfOne: 500, joining: 500 });
		const held = [];
		for (let count = 0; count < 100; count++) held.push(await open('/live?token=ada'));
		const order: number[] = [];
		const times: number[] = [];
		const gone = held.map(async (socket, index) => {
			await once(socket, 'close');
			order.push(index);
			times.push(performance.now());
		});
		await sockets.close();
		await Promise.all(gone);
		expect(times.at(-1)! - times[0]!).toBeGreaterThan(100);
		expect(order).not.toEqual(order.toSorted((one, other) => one - other));
	});

	test('says 1012 to everybody, over a while, and lets nobody in meanwhile', async () => {
		const { open, refused, sockets } = await door();
		const held = [];
		for (const user of ['ada', 'bob', 'eve']) held.push(await open(`/live?token=${user}`));
		const codes = held.map(async (socket) => ((await once(socket, 'close')) as [number])[0]);
		const closed = sockets.close();
		expect((await refused('/live?token=lin')).statusCode).toBe(503);
		await closed;
		expect(await Promise.all(codes)).toEqual([1012, 1012, 1012]);
	});
});
