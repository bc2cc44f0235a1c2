import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { ChangeLine } from '#shared/replica/rows.ts';
import { cookieOf, startTestServer, type Client, type TestServer } from './test-server.ts';

let server: TestServer;
let project: string;
beforeAll(async () => {
	server = await startTestServer();
	const items = Array.from({ length: 30 }, (_, i) => ({
		id: `i${i}`,
		data: { text: `Text ${i}` },
	}));
	project = await server.makeProject('Feed', items);
});
afterAll(() => server.remove());

type RowLine = Extract<ChangeLine, { table: string }>;

async function feed(client: Client, since?: string, path = '/api/changes') {
	const query = since === undefined ? '' : `?since=${encodeURIComponent(since)}`;
	const reply = await client.call('GET', path + query);
	const all = (await reply.text())
		.trim()
		.split('\n')
		.map((line) => JSON.parse(line) as ChangeLine);
	const last = all.at(-1)!;
	return {
		rows: all.filter((line): line is RowLine => 'table' in line),
		cursor: 'cursor' in last ? last.cursor : undefined,
		isReset: 'reset' in last,
	};
}

const tablesOf = (rows: readonly RowLine[]) => [...new Set(rows.map(({ table }) => table))];

describe('the change feed', () => {
	test('begins with everything one may read and goes on with what changed', async () => {
		const first = await feed(server.ownerClient);
		expect(tablesOf(first.rows)).toEqual(
			expect.arrayContaining(['projects', 'schemas', 'members', 'summaries', 'imports']),
		);
		expect(first.rows.find(({ table }) => table === 'summaries')?.row).toMatchObject({
			items: 30,
			pool: 30,
			corpus: 0,
		});
		expect((await feed(server.ownerClient, first.cursor)).rows).toEqual([]);
		await server.ownerClient.json('PATCH', `/api/projects/${project}`, { name: 'Renamed' });
		await server.ownerClient.json('PATCH', `/api/projects/${project}`, { name: 'Feed' });
		const next = await feed(server.ownerClient, first.cursor);
		expect(next.rows).toEqual([
			{ table: 'projects', id: project, row: { ...first.rows[0]!.row, name: 'Feed' } },
		]);
	});

	test('a cursor of somebody else, of another epoch or made up starts anew', async () => {
		const other = await server.person('Other', { project, role: 'viewer' });
		const { cursor } = await feed(server.ownerClient);
		for (const foreign of [cursor!, 'made.up', `${cursor!}x`, ''])
			expect((await feed(other, foreign)).isReset).toBe(true);
	});

	test('a cursor older than what is kept starts anew', async () => {
		const { cursor } = await feed(server.ownerClient);
		for (const name of ['A', 'B', 'Feed'])
			await server.ownerClient.json('PATCH', `/api/projects/${project}`, { name });
		await server.tables.changes.prune(2);
		expect((await feed(server.ownerClient, cursor)).isReset).toBe(true);
	});

	test('a right gained sends everything, one lost sends the project’s null', async () => {
		const ada = await server.person('Ada');
		const before = await feed(ada);
		expect(before.rows).toEqual([]);
		await server.tables.members.put({
			project,
			user: ada.user,
			role: 'reviewer',
			hasCode: false,
			joinedAt: new Date().toISOString(),
		});
		const joined = await feed(ada, before.cursor);
		expect(joined.rows[0]).toEqual({ table: 'projects', id: project, row: null });
		expect(tablesOf(joined.rows)).toContain('summaries');
		await server.ownerClient.json('DELETE', `/api/projects/${project}/members/${ada.user}`);
		const left = await feed(ada, joined.cursor);
		expect(left.rows).toEqual([{ table: 'projects', id: project, row: null }]);
	});

	test('a demotion takes away what the new role may not read', async () => {
		const lead = await server.person('Was a lead', { project, role: 'lead' });
		const { cursor, rows } = await feed(lead);
		expect(tablesOf(rows)).toContain('imports');
		await server.ownerClient.json('PUT', `/api/projects/${project}/members/${lead.user}`, {
			role: 'labeler',
		});
		const after = await feed(lead, cursor);
		expect(after.rows[0]).toEqual({ table: 'projects', id: project, row: null });
		expect(tablesOf(after.rows).sort()).toEqual(['figures', 'members', 'projects', 'schemas']);
	});

	test('a labeler learns of their own batches and of nobody else’s', async () => {
		const [mine, other] = [
			await server.person('Mine', { project, role: 'labeler' }),
			await server.person('Theirs', { project, role: 'labeler' }),
		];
		const start = await feed(mine);
		const choose = { by: 'oldest', count: 5 };
		const [theirs] = await server.makeBatches(project, { choose, members: [other.user] });
		const quiet = await feed(mine, start.cursor);
		expect(quiet.rows).toEqual([]);
		const [own] = await server.makeBatches(project, { choose, members: [mine.user] });
		const told = await feed(mine, quiet.cursor);
		expect(told.rows.map(({ table, id }) => [table, id])).toEqual([['batches', own]]);
		await server.ownerClient.json('PATCH', `/api/batches/${own}`, { members: [other.user] });
		const gone = await feed(mine, told.cursor);
		expect(gone.rows).toEqual([{ table: 'batches', id: own, row: null }]);
		expect(JSON.stringify(gone.rows)).not.toContain(theirs);
	});

	test('of one project gives its rows alone', async () => {
		const id = await server.makeProject('Second');
		const { rows } = await feed(server.ownerClient, undefined, `/api/projects/${id}/changes`);
		expect(JSON.stringify(rows)).not.toContain(`"${project}"`);
		expect(rows[0]).toMatchObject({ table: 'projects', id });
	});
});

describe('live hints', () => {
	const open = async (client: Client): Promise<WebSocket> => {
		const socket = new WebSocket(`${server.url.replace('http', 'ws')}/live`, [
			`flywheel-${client.token}`,
		]);
		await once(socket, 'message');
		return socket;
	};

	/** Resolves with the next hint about a project. */
	const hintOf = (socket: WebSocket, wanted: string): Promise<void> =>
		new Promise((resolve) => {
			socket.on('message', (data: Buffer) => {
				const hint = JSON.parse(data.toString()) as { project?: string };
				if (hint.project === wanted) resolve();
			});
		});

	test('reach those who may read the project, and them alone', async () => {
		const outsider = await server.person('Outsider');
		const [inside, outside] = [await open(server.ownerClient), await open(outsider)];
		const heard: string[] = [];
		outside.on('message', (data: Buffer) => heard.push(data.toString()));
		const told = hintOf(inside, project);
		await server.ownerClient.json('PATCH', `/api/projects/${project}`, { name: 'Feed' });
		await told;
		const own = hintOf(outside, project);
		await server.tables.members.put({
			project,
			user: outsider.user,
			role: 'viewer',
			hasCode: false,
			joinedAt: new Date().toISOString(),
		});
		await own;
		expect(heard).toHaveLength(1);
		inside.close();
		outside.close();
	});

	test('of machines, which are of no project, reach who reads any corpus, and no labeler', async () => {
		const labeler = await server.person('Deaf', { project, role: 'labeler' });
		const [owners, labelers] = [await open(server.ownerClient), await open(labeler)];
		const heard: string[] = [];
		labelers.on('message', (data: Buffer) => heard.push(data.toString()));
		const told = hintOf(owners, '');
		await server.tables.attempts.claim({
			runner: { id: 'token/machine', name: 'machine', tags: [] },
			projects: [],
			tokenHash: 'none',
			at: new Date().toISOString(),
		});
		await told;
		const own = hintOf(labelers, project);
		await server.ownerClient.json('PATCH', `/api/projects/${project}`, { name: 'Feed' });
		await own;
		expect(heard).toHaveLength(1);
		owners.close();
		labelers.close();
	});

	test('a socket without credentials, and one with a foreign Origin, is closed with 4401', async () => {
		const address = `${server.url.replace('http', 'ws')}/live`;
		const cookie = await cookieOf(server, 'owner');
		for (const headers of [{}, { cookie }, { cookie, Origin: 'https://evil.example' }]) {
			const [code] = (await once(new WebSocket(address, { headers }), 'close')) as [number];
			expect(code).toBe(4401);
		}
		const welcome = new WebSocket(address, { headers: { cookie, Origin: server.url } });
		const [hint] = (await once(welcome, 'message')) as [Buffer];
		expect(JSON.parse(hint.toString())).toMatchObject({ project: '' });
		welcome.close();
	});

	test('a document that does not exist is closed with 4404, signed in or not with 4401', async () => {
		const address = `${server.url.replace('http', 'ws')}/sync/${project}/none/answers`;
		const [stranger] = (await once(new WebSocket(address), 'close')) as [number];
		expect(stranger).toBe(4401);
		const known = new WebSocket(`${address}?token=${server.ownerClient.token}`);
		const [code] = (await once(known, 'close')) as [number];
		expect(code).toBe(4404);
	});
});
