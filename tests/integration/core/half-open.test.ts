import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket as Client, WebSocketServer } from 'ws';
import { listen } from '#app/replica/listen.ts';
import { openLive, type Live } from '#sync-server/live/live.ts';
import { openTables } from '#sync-server/tables/sqlite/open-tables.ts';
import { Relay } from '../../support/relay.ts';

/** `/live` over real tables, which asks every 100 ms who is there, behind a network that can be cut. */
async function startLive(): Promise<{
	readonly live: Live;
	readonly port: number;
	readonly relay: Relay;
}> {
	const folder = mkdtempSync(join(tmpdir(), 'half-open-'));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	const tables = await openTables({ file: join(folder, 'tables.db') });
	onTestFinished(() => tables.close());
	const live = openLive({
		tables,
		projectOf: () => Promise.resolve(undefined),
		cursor: (_, seq) => String(seq),
		onFault: (error) => {
			throw error as Error;
		},
		pingMs: 100,
	});
	const server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const sockets = new WebSocketServer({ server });
	sockets.on('connection', (socket) => void live.accept(socket, { user: 'ada', credential: 'c' }));
	const { port } = server.address() as AddressInfo;
	const relay = new Relay(port);
	await relay.open();
	onTestFinished(async () => {
		live.close();
		await relay.close();
		for (const socket of sockets.clients) socket.terminate();
		server.close();
	});
	return { live, port, relay };
}

/** A page that listens, with how often it was told to look what it has missed. */
function startPage(url: string): { opened: number; hints: number; connect(): void } {
	const stop = new AbortController();
	const page = { opened: 0, hints: 0, connect: () => socket.connect() };
	const socket = listen({
		origin: url,
		user: 'ada',
		silenceMs: 1500,
		onHint: () => page.hints++,
		onOpen: () => page.opened++,
		signal: stop.signal,
	});
	onTestFinished(() => stop.abort());
	page.connect();
	return page;
}

test('a network that swallows everything is noticed on both sides of /live, and the page comes back', async () => {
	const { live, relay } = await startLive();
	const page = startPage(relay.url);
	await vi.waitFor(() => expect([live.connections, page.hints]).toEqual([1, 1]));
	await relay.cut('black hole');
	// Nobody closes anything: each side finds out by itself.
	await vi.waitFor(() => expect(live.connections).toBe(0), 10_000);
	await vi.waitFor(() => expect(page.opened).toBe(2), 10_000);
	await relay.open();
	page.connect();
	await vi.waitFor(() => expect([live.connections, page.hints]).toEqual([1, 2]));
});

test('who is there stays, however long nothing happens', async () => {
	const { live, relay, port } = await startLive();
	const page = startPage(relay.url);
	const other = new Client(`ws://127.0.0.1:${port}`);
	const deaf = new Client(`ws://127.0.0.1:${port}`, { autoPong: false });
	const said: string[] = [];
	other.on('message', (data: Buffer) => said.push(data.toString()));
	await once(deaf, 'close');
	await vi.waitFor(() => expect(said.length).toBeGreaterThan(15), 10_000);
	expect(said.slice(1).every((text) => text === '{"alive":true}')).toBe(true);
	expect(live.connections).toBe(2);
	expect([page.opened, page.hints]).toEqual([1, 1]);
	other.terminate();
});
