import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import type { ChangedDocuments } from '#shared/api/replies.ts';
import {
	readCatchUpAnswer,
	writeCatchUpRequest,
	type CatchUpAsk,
	type CatchUpReply,
} from '#shared/wire/catch-up.ts';
import { documentVersion } from '#shared/wire/document-version.ts';
import { codeOf, startTestServer, type Client, type TestServer } from './test-server.ts';

let server: TestServer;
let project: string;
let ada: Client;
let ben: Client;
let batches: string[];

beforeAll(async () => {
	server = await startTestServer();
	const items = Array.from({ length: 12 }, (_, n) => ({
		id: `i${n}`,
		data: { text: `Text ${n}` },
	}));
	project = await server.makeProject('Quiet', items);
	ada = await server.person('Ada', { project, role: 'labeler' });
	ben = await server.person('Ben', { project, role: 'labeler' });
	batches = [];
	for (const { user } of [ada, ada, ben]) {
		const choose = { by: 'oldest', count: 3 };
		batches.push(...(await server.makeBatches(project, { choose, members: [user] })));
	}
});
afterAll(() => server.remove());

const none = new Uint8Array();
const version = documentVersion;
const nameOf = (batch: number, part = 'answers'): string => `${project}/${batches[batch]!}/${part}`;

function writing(name: string, value: string): CatchUpAsk {
	const document = new Y.Doc();
	document.getMap('draft').set('i1/v/sentiment', value);
	return {
		name,
		cursor: '',
		stateVector: Y.encodeStateVector(document),
		update: Y.encodeStateAsUpdate(document),
	};
}

function reading(name: string): CatchUpAsk {
	return { name, cursor: '', stateVector: none, update: none };
}

function send(client: Client, body: Uint8Array): Promise<Response> {
	return fetch(`${server.url}/api/sync/batch`, {
		method: 'POST',
		headers: { Authorization: `Bearer ${client.token}` },
		body: body as Uint8Array<ArrayBuffer>,
	});
}

async function exchange(client: Client, ...asks: CatchUpAsk[]): Promise<readonly CatchUpReply[]> {
	const reply = await send(client, writeCatchUpRequest({ version, asks }));
	expect(reply.status).toBe(200);
	return readCatchUpAnswer(new Uint8Array(await reply.arrayBuffer()))!;
}

type Level = Extract<CatchUpReply, { kind: 'level' }>;
type Page = Exclude<ChangedDocuments, { reset: true }>;
const changes = (client: Client, since?: string): Promise<Page> =>
	client.json<Page>('POST', '/api/sync/changes', since === undefined ? {} : { since });
const namesIn = ({ documents }: Page): string[] => documents.map(({ name }) => name);

describe('S15 POST /api/sync/changes', () => {
	test('says what changed since a cursor, with how far it goes, and not what came before', async () => {
		await exchange(ada, writing(nameOf(0), 'positive'));
		const start = await changes(ada);
		expect(start).toMatchObject({ documents: [], more: false });
		expect(await changes(ada, start.cursor)).toEqual(start);
		const [written] = await exchange(ada, writing(nameOf(1), 'negative'));
		const page = await changes(ada, start.cursor);
		expect(page.documents).toEqual([{ name: nameOf(1), cursor: (written as Level).cursor }]);
		expect(await changes(ada, page.cursor)).toMatchObject({ documents: [], cursor: page.cursor });
		expect(await changes(server.ownerClient, (await changes(server.ownerClient)).cursor)).toEqual(
			await changes(server.ownerClient),
		);
	});

	test('says nothing of what is not theirs, and not even that something happened', async () => {
		const [adas, owners] = [await changes(ada), await changes(server.ownerClient)];
		await exchange(ben, writing(nameOf(2), 'positive'));
		expect(await changes(ada, adas.cursor)).toEqual(adas);
		expect(await changes(ada)).toEqual(adas);
		expect(namesIn(await changes(server.ownerClient, owners.cursor))).toEqual([nameOf(2)]);
	});

	test('names all documents again to who may read others than before', async () => {
		const { cursor } = await changes(ada);
		await server.ownerClient.json('PATCH', `/api/batches/${batches[2]!}`, {
			members: [ada.user, ben.user],
		});
		const gained = await changes(ada, cursor);
		expect(namesIn(gained).sort()).toEqual([nameOf(0), nameOf(1), nameOf(2)].sort());
		expect(namesIn(await changes(ada, gained.cursor))).toEqual([]);
		await server.ownerClient.json('PATCH', `/api/batches/${batches[2]!}`, { members: [ben.user] });
		expect(namesIn(await changes(ada, gained.cursor)).sort()).toEqual(
			[nameOf(0), nameOf(1)].sort(),
		);
	});

	test('begins anew with a cursor that is not one of theirs', async () => {
		const { cursor } = await changes(ben);
		const feed = await (await ada.call('GET', '/api/changes')).text();
		const { cursor: ofFeed } = JSON.parse(feed.trim().split('\n').at(-1)!) as { cursor: string };
		for (const since of [cursor, ofFeed, 'x', `${(await changes(ada)).cursor}A`])
			expect(await changes(ada, since)).toEqual({ reset: true });
		for (const body of [{ since: 5 }, { since: 'x'.repeat(501) }, { other: 1 }, []])
			expect((await ada.call('POST', '/api/sync/changes', body)).status).toBe(400);
	});
});

describe('S15 POST /api/sync/batch', () => {
	test('answers missing and forbidden alike, and writes neither', async () => {
		const nowhere = `${project}/${batches[2]!.slice(0, -1)}x/answers`;
		const asked = [nameOf(2), nowhere, `no-project/${batches[0]!}/answers`];
		const replies = await exchange(ada, ...asked.map((name) => writing(name, 'mine now')));
		expect(replies).toEqual(asked.map((name) => ({ name, kind: 'missing' })));
		const [seen] = await exchange(ben, reading(nameOf(2)));
		expect(seen!.kind).toBe('level');
		for (const update of (seen as Level).updates)
			expect(new TextDecoder().decode(update)).not.toContain('mine');
	});

	test('refuses by the rights of the moment, with the code of message 103', async () => {
		const viewer = await server.person('Viewer', { project, role: 'viewer' });
		const [refused] = await exchange(viewer, writing(nameOf(0), 'by a viewer'));
		expect(refused).toMatchObject({ kind: 'refused', code: 4 });
		const [verdicts] = await exchange(ada, {
			...writing(nameOf(0, 'verdicts'), 'x'),
			name: nameOf(0, 'verdicts'),
		});
		expect(verdicts!.kind).toBe('refused');
		// S11: a closed batch still takes its members' updates.
		await server.ownerClient.call('POST', `/api/batches/${batches[1]!}/close`);
		const [late] = await exchange(ada, writing(nameOf(1), 'late'));
		expect(late!.kind).toBe('level');
		await server.ownerClient.call('POST', `/api/batches/${batches[1]!}/reopen`);
	});

	test('takes no body that is none', async () => {
		const many = Array.from({ length: 101 }, (_, n) => ({ ...writing(`p/b${n}/answers`, 'x') }));
		const twice = [writing(nameOf(0), 'x'), writing(nameOf(0), 'y')];
		const print = (asks: CatchUpAsk[]) => writeCatchUpRequest({ version, asks });
		const bodies = [none, Uint8Array.of(1), Uint8Array.of(9, 0), new TextEncoder().encode('{}')];
		for (const body of [...bodies, ...[many, twice].map(print)]) {
			const reply = await send(ada, body);
			expect([reply.status, await codeOf(reply)]).toEqual([400, 'bad_request']);
		}
		const large = await send(ada, new Uint8Array(2 * 1024 * 1024 + 1));
		expect([large.status, await codeOf(large)]).toEqual([413, 'too_large']);
		expect(await exchange(ada)).toEqual([]);
	});

	test('whatever bytes come, the answer is an answer, and the documents stay whole', async () => {
		const asks = [writing(nameOf(0), 'positive'), { ...reading(nameOf(1)), cursor: '5:6:7' }];
		const sound = writeCatchUpRequest({ version, asks });
		const flips = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), {
			minLength: 1,
			maxLength: 4,
		});
		await fc.assert(
			fc.asyncProperty(flips, async (all) => {
				const body = sound.slice();
				for (const [at, value] of all) body[at] = value;
				const reply = await send(ada, body);
				expect([200, 400]).toContain(reply.status);
				if (reply.status !== 200) return;
				const replies = readCatchUpAnswer(new Uint8Array(await reply.arrayBuffer()));
				expect(replies!.map(({ kind }) => kind)).not.toContain('unavailable');
			}),
			{ numRuns: 300 },
		);
		const [whole] = await exchange(ada, reading(nameOf(0)));
		const document = new Y.Doc();
		for (const update of (whole as Level).updates) Y.applyUpdate(document, update);
		expect(document.store.pendingStructs).toBeNull();
	});
});
