import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { Packet } from '#shared/api/replies.ts';
import { submittedShape } from '#shared/corpus/submission.ts';
import { writeBroughtBack } from '#shared/wire/brought-back.ts';
import { readCatchUpAnswer, writeCatchUpRequest } from '#shared/wire/catch-up.ts';
import { documentVersion } from '#shared/wire/document-version.ts';
import { noteLoss } from '#sync-server/projection/recovery.ts';
import { openDatabase } from '#sync-server/tables/sqlite/database.ts';
import { nounsOf } from '#sync-server/tables/sqlite/nouns.ts';
import { WireClient } from '../sync/wire-client.ts';
import { startTestServer, type Client, type TestServer } from './test-server.ts';

/**
 * What others answered in a blind round is not hidden by pages, it is never sent (design §4). Ada and Ben
 * label the same three items blind; everything that is Ben's, or that was said about his answers, carries a
 * mark, and Ada's token is tried on every door of the server.
 */
const marks = {
	person: 'ben-the-other',
	submission: 'submission-of-ben',
	note: 'Words that Ben wrote beside it',
	verdict: 'Words of the reviewer about it',
	blob: createHash('sha256').update('bytes of another item').digest('hex'),
} as const;

let server: TestServer;
let project: string;
let ada: Client;
let ben: Client;
let adasBatch: string;
let bensBatch: string;
let secrets: readonly string[];

const sync = (client: Client, batch: string, part: string): string =>
	`${server.url.replace('http', 'ws')}/sync/${project}/${batch}/${part}?token=${client.token}`;

const enter = (client: Client, batch: string, part: string): Promise<WireClient> =>
	WireClient.join(sync(client, batch, part));

/** Writes one entry of a document and waits until it is on disk. */
async function write(client: Client, part: string, map: string, key: string, value: unknown) {
	const wire = await enter(client, bensBatch, part);
	wire.edit((document) => document.getMap(map).set(key, value));
	expect(await wire.barrier('written')).toBe('saved');
	await wire.close();
}

beforeAll(async () => {
	server = await startTestServer();
	// As after a restore: what was lost is brought back, through doors that are shut otherwise.
	await noteLoss(server.tables.settings, { since: new Date(), missingFrom: null });
	await server.close();
	server = await startTestServer({ home: server.home });
	const owner = server.ownerClient;
	const items = ['i1', 'i2', 'i3', 'i4'].map((id) => ({ id, data: { text: `Text of ${id}` } }));
	project = await server.makeProject('Blind', items);
	await owner.send('PUT', `/api/projects/${project}/blobs/${marks.blob}`, 'bytes of another item');
	ada = await server.person('Ada', { project, role: 'labeler' });
	ben = await server.person('Ben the other', { project, role: 'labeler' });
	expect(ben.user).toBe(marks.person);
	const made = await server.makeBatches(project, {
		items: ['i1', 'i2', 'i3'],
		members: [ada.user, ben.user],
		...{ overlap: 2, blind: true },
	});
	[adasBatch, bensBatch] = made as [string, string];
	secrets = [...Object.values(marks), bensBatch, 'Ben the other', '"sentiment":"negative"'];
});
afterAll(() => server.remove());

async function feed(client: Client, path: string): Promise<{ text: string; cursor: string }> {
	const text = await (await client.call('GET', path)).text();
	const { cursor } = JSON.parse(text.trim().split('\n').at(-1)!) as { cursor: string };
	return { text, cursor };
}

/** Ben answers, notes and is reviewed; resolves when the tables know it all. */
async function benAnswers(): Promise<void> {
	const at = '2026-02-01T10:00:00.000Z';
	const answer = { values: { sentiment: 'negative' }, regions: [], texts: {} };
	const value = submittedShape.parse({
		...{ item: 'i1', by: ben.user, at, spentMs: 900, schema: 1, guess: 'none', after: [] },
		answer,
	});
	await write(ben, 'answers', 'draft', 'i1/v/sentiment', 'negative');
	await write(ben, 'answers', 'submitted', marks.submission, value);
	await write(ben, 'notes', 'note', 'note-of-ben', {
		...{ item: 'i1', by: ben.user, at, text: marks.note },
	});
	await write(server.ownerClient, 'verdicts', 'verdict', `i1/${marks.submission}/owner`, {
		...{ kind: 'returned', at, note: marks.verdict },
	});
	await server.ownerClient.json('POST', `/api/projects/${project}/snapshots`, { message: 'Ben' });
	await expect
		.poll(() => server.ownerClient.json('GET', `/api/projects/${project}/items/i1`))
		.toMatchObject({ history: [{ verdicts: [{ kind: 'returned' }] }] });
}

test('a blind labeler’s feeds stay silent while another one answers the same items', async () => {
	const paths = ['/api/changes', `/api/projects/${project}/changes`];
	const before = await Promise.all(paths.map((path) => feed(ada, path)));
	const changed = (body: object) => ada.json<object>('POST', '/api/sync/changes', body);
	const documents = (await changed({})) as { readonly cursor: string };
	const health = async () => (await fetch(`${server.url}/healthz`)).text();
	const healthy = await health();
	const watching = await enter(ada, adasBatch, 'answers');
	const bens = await enter(ben, bensBatch, 'answers');
	const live = new WebSocket(`${server.url.replace('http', 'ws')}/live?token=${ada.token}`);
	const hints: string[] = [];
	live.on('message', (data: Buffer) => {
		if (!isOnlyAlive(data)) hints.push(data.toString());
	});
	await once(live, 'message');
	await benAnswers();
	for (const [index, path] of paths.entries()) {
		const { text } = await feed(ada, `${path}?since=${before[index]!.cursor}`);
		expect(text.trim().split('\n'), 'nothing but a cursor').toHaveLength(1);
	}
	expect(await health()).toBe(healthy);
	expect(await changed({ since: documents.cursor })).toEqual(documents);
	expect(await changed({})).toEqual(documents);
	for (const { text } of before) for (const secret of secrets) expect(text).not.toContain(secret);
	expect(watching.heard.filter(({ kind }) => kind === 'update')).toEqual([]);
	expect([...watching.document.getMap('submitted').keys()]).toEqual([]);
	// Another hint is on its way to her by then: what came before it would have been heard.
	await server.ownerClient.json('PATCH', `/api/batches/${adasBatch}`, { name: 'Hers' });
	await expect.poll(() => hints.length).toBeGreaterThan(1);
	expect(hints).toHaveLength(2);
	live.close();
	await watching.close();
	await bens.close();
});

test('no call answers a blind labeler with anything of the other’s', async () => {
	const real: Readonly<Record<string, string>> = {
		project,
		batch: bensBatch,
		item: 'i1',
		user: ben.user,
		run: '1',
		submission: marks.submission,
		sha256: marks.blob,
	};
	const queries: Readonly<Record<string, string>> = {
		'get /api/projects/:project/predictions': '?model=run:1',
		'get /api/projects/:project/items/:item/earlier': `?batch=${bensBatch}`,
		...Object.fromEntries(
			['get /api/sync/recovery', 'post /api/sync/recovery', 'get /api/sync/recovered'].map(
				(route) => [route, `?document=${encodeURIComponent(`${project}/${bensBatch}/answers`)}`],
			),
		),
	};
	const open = new Set([
		'get /api/me',
		'put /api/me',
		'delete /api/session',
		'get /api/tokens',
		'get /api/projects',
		'get /api/changes',
		'post /api/sync/changes',
		'get /api/projects/:project',
		'get /api/projects/:project/members',
		'get /api/projects/:project/changes',
		// Takes a batch of their own: of the items that are left.
		'post /api/projects/:project/batches/take',
	]);
	for (const { method, path } of server.routes) {
		const name = `${method} ${path}`;
		const asked = path.replace(/:(\w+)/g, (_, part: string) => real[part] ?? 'x');
		const body = method === 'get' || method === 'head' ? undefined : {};
		const address = asked + (queries[name] ?? '');
		const reply = await ada.call(method.toUpperCase(), address, body);
		if (!open.has(name)) expect([400, 401, 403, 404], name).toContain(reply.status);
		const text = await reply.text();
		// A refusal may repeat the address it was asked for, and says nothing else.
		const said = secrets.filter((secret) => !asked.includes(secret));
		for (const secret of said) expect(text, name).not.toContain(secret);
	}
});

test('a batch that is hidden takes as many look-ups as one that does not exist (bench -- blind has the times)', () => {
	const database = openDatabase(join(server.home, 'tables.db'));
	onTestFinished(() => database.close());
	const { standing } = nounsOf(database).batches;
	const lookUps = vi.spyOn(database, 'prepare');
	const countOf = (batch: string): number => {
		lookUps.mockClear();
		standing(batch, ada.user);
		return lookUps.mock.calls.length;
	};
	const nowhere = bensBatch.replace(/^./, (first) => (first === '0' ? '1' : '0'));
	expect(standing(nowhere, ada.user)).toBeUndefined();
	expect(standing(bensBatch, ada.user)).toMatchObject({ isMember: false });
	expect(countOf(bensBatch)).toBe(countOf(nowhere));
});

test('a blind labeler’s packet brings no heads and no answer along', async () => {
	const packet = await ada.json<Packet>('GET', `/api/batches/${adasBatch}/items`);
	expect(packet.items.map(({ id }) => id)).toEqual(['i1', 'i2', 'i3']);
	for (const item of packet.items) {
		expect(item.heads).toEqual([]);
		expect(item).not.toHaveProperty('current');
		expect(item).not.toHaveProperty('split');
	}
});

test('documents of another round are closed to a blind labeler, and their own show nobody', async () => {
	for (const part of ['answers', 'verdicts', 'notes']) {
		const [code] = (await once(new WebSocket(sync(ada, bensBatch, part)), 'close')) as [number];
		expect([part, code]).toEqual([part, 4404]);
		const [mine, reviewer] = [
			await enter(ada, adasBatch, part),
			await enter(server.ownerClient, adasBatch, part),
		];
		const shown = Uint8Array.from([1, reviewer.document.clientID % 100, 1, 2, 0x7b, 0x7d]);
		reviewer.send({ kind: 'awareness', update: shown });
		mine.send({ kind: 'queryAwareness' });
		expect(await mine.barrier('asked')).toBe('saved');
		for (const message of mine.heard)
			if (message.kind === 'awareness') expect([...message.update]).toEqual([0]);
		await mine.close();
		await reviewer.close();
	}
	const parts = ['answers', 'verdicts', 'notes'];
	const asked = [bensBatch, 'no-such-batch'].flatMap((batch) =>
		parts.map((part) => `${project}/${batch}/${part}`),
	);
	const nothing = new Uint8Array();
	const reply = await fetch(`${server.url}/api/sync/batch`, {
		method: 'POST',
		headers: { Authorization: `Bearer ${ada.token}` },
		body: writeCatchUpRequest({
			version: documentVersion,
			asks: asked.map((name) => ({ name, cursor: '', stateVector: nothing, update: nothing })),
		}) as Uint8Array<ArrayBuffer>,
	});
	expect(readCatchUpAnswer(new Uint8Array(await reply.arrayBuffer()))).toEqual(
		asked.map((name) => ({ name, kind: 'missing' })),
	);
});

test('what was lost of another round is brought back by a blind labeler no more than of none', async () => {
	const asks = [
		['GET', '/api/sync/recovered', null],
		['GET', '/api/sync/recovery', null],
		[
			'POST',
			'/api/sync/recovery',
			writeBroughtBack({ version: documentVersion, ownClients: [], update: Uint8Array.of(0, 0) }),
		],
	] as const;
	const ask = async (batch: string, part: string) =>
		Promise.all(
			asks.map(async ([method, path, body]) => {
				const document = encodeURIComponent(`${project}/${batch}/${part}`);
				const headers = { Authorization: `Bearer ${ada.token}` };
				const init = { method, headers, body: body as BodyInit | null };
				const reply = await fetch(`${server.url}${path}?document=${document}`, init);
				return [reply.status, await reply.text()];
			}),
		);
	for (const part of ['answers', 'verdicts', 'notes']) {
		const hidden = await ask(bensBatch, part);
		expect(hidden.map(([status]) => status)).toEqual([404, 404, 404]);
		expect(hidden).toEqual(await ask('no-such-batch', part));
	}
	expect((await ask(adasBatch, 'answers')).map(([status]) => status)).toEqual([200, 200, 200]);
});

test('live hints carry no data, and git knows nothing of a labeler', async () => {
	const socket = new WebSocket(`${server.url.replace('http', 'ws')}/live?token=${ada.token}`);
	const heard: object[] = [];
	socket.on('message', (data: Buffer) => {
		if (!isOnlyAlive(data)) heard.push(JSON.parse(data.toString()) as object);
	});
	await once(socket, 'message');
	await server.ownerClient.json('PATCH', `/api/projects/${project}`, { name: 'Blind again' });
	await expect.poll(() => heard.length).toBeGreaterThan(1);
	for (const hint of heard) expect(Object.keys(hint).sort()).toEqual(['cursor', 'project']);
	socket.close();
	const headers = { Authorization: `Basic ${btoa(`x:${ada.token}`)}` };
	for (const door of ['info/refs?service=git-upload-pack', 'info/lfs/objects/batch'])
		expect((await fetch(`${server.url}/git/${project}.git/${door}`, { headers })).status).toBe(404);
});

/** What everybody hears now and then, whatever happens. */
function isOnlyAlive(message: Buffer): boolean {
	return message.toString() === '{"alive":true}';
}
