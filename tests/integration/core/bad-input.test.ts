import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeOf, sentiment, startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
	server = await startTestServer();
});
afterAll(() => server.remove());

const raw = (method: string, path: string, body: BodyInit) =>
	fetch(server.url + path, {
		method,
		body,
		headers: { Authorization: `Bearer ${server.ownerClient.token}` },
		duplex: 'half',
	} as RequestInit);

test('a body that is not JSON says so', async () => {
	for (const body of ['{"name":', 'hello', new Uint8Array([0xff, 0xfe, 0x00])]) {
		const reply = await raw('POST', '/api/projects', body);
		expect(reply.status).toBe(400);
		expect(await codeOf(reply)).toBe('bad_json');
	}
});

test('a wrong type is named by its path', async () => {
	const [tool] = sentiment.tools;
	const schema = {
		...sentiment,
		tools: [tool, { ...tool, name: 'again', options: [{ name: 7 }] }],
	};
	const reply = await raw('POST', '/api/projects', JSON.stringify({ name: 'Paths', schema }));
	expect(reply.status).toBe(400);
	expect(await reply.text()).toContain('body.schema.tools[1].options[0].name');
});

test('a schema that uses a reserved key is refused as a schema', async () => {
	const id = await server.makeProject('Keys');
	const [tool] = sentiment.tools;
	const reply = await server.ownerClient.call('PUT', `/api/projects/${id}/schema`, {
		...sentiment,
		tools: [{ ...tool, options: [{ name: 'zebra', key: 'z' }] }],
	});
	expect(reply.status).toBe(400);
	expect(await codeOf(reply)).toBe('bad_schema');
});

test('a body that never ends is refused without being kept', async () => {
	const chunk = new Uint8Array(1 << 20).fill(0x20);
	let sent = 0;
	const endless = new ReadableStream<Uint8Array>({
		pull(controller) {
			sent += 1;
			if (sent > 64) controller.close();
			else controller.enqueue(chunk);
		},
	});
	const reply = await raw('POST', '/api/projects', endless).catch((error: unknown) => error);
	// The server answers and hangs up; a client that is still sending sees either.
	if (reply instanceof Response) expect(reply.status).toBe(413);
	expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
});

test('unknown addresses, methods and tricks in paths end in the table of errors', async () => {
	expect(await codeOf(await server.ownerClient.call('GET', '/api/nothing'))).toBe('not_found');
	expect(await codeOf(await server.ownerClient.call('PATCH', '/api/projects', {}))).toBe(
		'method_not_allowed',
	);
	for (const path of ['/api/projects/%2e%2e%2fetc', '/api/projects/%00', '/api/projects/%E0%A4%A'])
		expect([400, 404]).toContain((await server.ownerClient.call('GET', path)).status);
});

test('bytes that are no HTTP end their connection and nothing else', async () => {
	for (const bytes of ['\x00\x01\x02\r\n\r\n', 'GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n']) {
		const socket = connect(server.address.port, '127.0.0.1');
		await once(socket, 'connect');
		socket.end(bytes);
		socket.resume();
		await once(socket, 'close');
	}
	expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
});

test('two projects of one name: the second is told to choose another', async () => {
	const body = { name: 'Twins', schema: sentiment };
	const replies = await Promise.all([
		server.ownerClient.call('POST', '/api/projects', body),
		server.ownerClient.call('POST', '/api/projects', body),
	]);
	expect(replies.map(({ status }) => status).sort()).toEqual([201, 409]);
});

test('a name of which nothing is left still makes an id', async () => {
	const id = await server.makeProject('数据');
	expect(id).toMatch(/^p-[0-9a-f]{10}$/);
});

test('openapi.json describes every call of the server', async () => {
	const reply = await fetch(`${server.url}/api/openapi.json`);
	const document = (await reply.json()) as {
		openapi: string;
		paths: Record<string, Record<string, { parameters: { name: string; in: string }[] }>>;
		components: { schemas: Record<string, unknown> };
	};
	expect(document.openapi).toMatch(/^3\.1/);
	for (const { method, path } of server.routes) {
		const known = document.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method];
		expect(known, `${method} ${path}`).toBeDefined();
		const named = known!.parameters.filter(({ in: where }) => where === 'path');
		expect(named.map(({ name }) => name)).toEqual([...path.matchAll(/:(\w+)/g)].map(([, n]) => n));
	}
	for (const [, name] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g))
		expect(document.components.schemas).toHaveProperty(name!);
});
