import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { readMessage, writeMessage, type Message } from '#shared/wire/messages.ts';
import { Frame } from '#sync-server/documents/connection/frame.ts';
import { Wire } from '#sync-server/documents/connection/wire.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
	for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

/** Both ends of a connection, and what the client hears. */
async function connected(): Promise<{ wire: Wire; client: WebSocket; heard: Buffer[] }> {
	const server = createServer();
	const sockets = new WebSocketServer({ server });
	cleanups.push(() => {
		for (const socket of sockets.clients) socket.terminate();
		server.close();
	});
	await once(server.listen(0, '127.0.0.1'), 'listening');
	const accepted = new Promise<Wire>((resolve) =>
		sockets.on('connection', (socket, request) => resolve(new Wire(socket, request.socket))),
	);
	const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
	const heard: Buffer[] = [];
	client.on('message', (data: Buffer) => heard.push(data));
	return { wire: await accepted, client, heard };
}

function update(length: number): Message {
	return { kind: 'update', update: new Uint8Array(length).fill(7) };
}

const ignored = (): void => undefined;

/** Around the lengths at which the head of a frame grows, and one that a socket does not take at once. */
const lengths = [0, 1, 121, 122, 123, 124, 125, 65_527, 65_528, 65_529, 65_530, 65_531, 3_000_000];

test('a frame for everybody says what a message to one says, whatever its length', async () => {
	const { wire, client, heard } = await connected();
	for (const length of lengths) wire.write(new Frame(update(length)));
	wire.socket.close(4000);
	await once(client, 'close');
	expect(heard.map((bytes) => readMessage(bytes))).toEqual(
		lengths.map((length) => readMessage(writeMessage(update(length)))),
	);
	expect(new Set(heard.map(({ length }) => (length < 126 ? 2 : length < 65_536 ? 4 : 10)))).toEqual(
		new Set([2, 4, 10]),
	);
});

test('what goes to one and what goes to everybody arrives in the order it was sent in, and nothing behind a goodbye', async () => {
	const { wire, client, heard } = await connected();
	for (const [index, length] of lengths.entries()) {
		if (index % 2 === 0) wire.write(new Frame(update(length)));
		else wire.send(writeMessage(update(length)), ignored);
		wire.socket.ping();
	}
	wire.socket.close(4000, 'enough');
	expect(wire.isOpen).toBe(false);
	wire.write(new Frame(update(5)));
	wire.send(writeMessage(update(5)), ignored);
	expect(((await once(client, 'close')) as [number])[0]).toBe(4000);
	expect(heard.map(({ length }) => length)).toEqual(
		lengths.map((length) => writeMessage(update(length)).length),
	);
});

test('what the system has not taken counts, and it is told when it was', async () => {
	const { wire } = await connected();
	const frame = new Frame(update(10_000_000));
	const taken = new Promise<void>((resolve) => wire.write(frame, resolve));
	expect(wire.waitingBytes).toBe(frame.bytes.length);
	await taken;
	expect(wire.waitingBytes).toBe(0);
});

test('a connection that broke takes what is written without a word', async () => {
	const { wire, client } = await connected();
	const closed = once(wire.socket, 'close');
	wire.socket.terminate();
	wire.write(new Frame(update(5)), ignored);
	await closed;
	wire.write(new Frame(update(5)), ignored);
	expect(((await once(client, 'close')) as [number])[0]).toBe(1006);
});
