import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseRunSpec } from '#shared/run/spec.ts';
import { hashOf, newSecret } from '#sync-server/accounts/secret.ts';
import { client, sentiment, startTestServer, type Client, type TestServer } from './test-server.ts';

let server: TestServer;
let stranger: Client;
let runner: Client;
let project: string;
let batch: string;
beforeAll(async () => {
	server = await startTestServer();
	const owner = server.ownerClient;
	project = await server.makeProject('Closed', [
		{ id: 'one', data: { text: 'Words of the item' } },
	]);
	({ batch } = await owner.json<{ batch: string }>(
		'POST',
		`/api/projects/${project}/batches/take`,
		{},
	));
	const { commit } = await owner.json<{ commit: string }>(
		'POST',
		`/api/projects/${project}/snapshots`,
		{ message: 'first' },
	);
	await makeRun(commit);
	stranger = await server.person('Stranger');
	const token = newSecret();
	await server.tables.tokens.create({
		id: 'runner',
		hash: hashOf(token),
		user: stranger.user,
		kind: 'runner',
		name: 'machine',
		createdAt: new Date().toISOString(),
	});
	runner = client(server.url, stranger.user, token);
});
afterAll(() => server.remove());

/** Run 1, as a push would make it. */
async function makeRun(commit: string): Promise<void> {
	const spec = parseRunSpec('run: node train.mjs');
	if (spec.kind !== 'ok') throw new Error('the spec of this test is refused');
	await server.tables.runs.create([
		{
			project,
			name: 'first',
			codeCommit: commit,
			codeMessage: 'Try',
			dataName: 'main',
			dataCommit: commit,
			spec: spec.spec,
			params: {},
			by: 'owner',
			at: new Date().toISOString(),
			origin: 'a push',
		},
	]);
}

/** A path with its parameters filled in; `real` names what exists. */
function pathOf(path: string, isReal: boolean): string {
	const real: Record<string, string> = { project, batch, item: 'one', user: 'owner', run: '1' };
	return path.replace(/:(\w+)/g, (_, name: string) =>
		isReal ? (real[name] ?? 'x') : name === 'run' || name === 'id' ? '999' : `no-${name}`,
	);
}

/** Input that fits, for calls that an empty body or query does not fit: so that rights are what refuses. */
const fitting: Readonly<Record<string, { query?: string; body?: unknown }>> = {
	'put /api/projects/:project/schema': { body: sentiment },
	'put /api/projects/:project/members/:user': { body: { role: 'viewer' } },
	'post /api/projects/:project/invites': { body: { role: 'viewer' } },
	'post /api/projects/:project/batches': {
		body: { purpose: 'label', choose: { by: 'oldest', count: 1 }, members: ['owner'] },
	},
	'post /api/projects/:project/late/:submission': { body: { take: true } },
	'get /api/projects/:project/predictions': { query: '?model=run:1' },
};

interface Sent {
	readonly name: string;
	readonly send: (client: Client, isReal: boolean) => Promise<Response>;
}

const closed = (): Sent[] =>
	server.routes
		.filter(({ path }) => path.includes(':'))
		.map(({ method, path }) => {
			const name = `${method} ${path}`;
			const hasBody = method !== 'get' && method !== 'head';
			const { query = '', body = hasBody ? {} : undefined } = fitting[name] ?? {};
			return {
				name,
				send: (client, isReal) =>
					client.call(method.toUpperCase(), pathOf(path, isReal) + query, body),
			};
		});

test('without credentials every call but those of the door is 401', async () => {
	for (const { method, path, audience } of server.routes) {
		if (audience === 'anyone') continue;
		const reply = await fetch(server.url + pathOf(path, true), { method: method.toUpperCase() });
		expect([`${method} ${path}`, reply.status]).toEqual([`${method} ${path}`, 401]);
	}
});

test('to a stranger what exists looks like what does not', async () => {
	for (const { name, send } of closed()) {
		const [there, nowhere] = [await send(stranger, true), await send(stranger, false)];
		expect([name, there.status]).toEqual([name, 404]);
		expect([name, nowhere.status]).toEqual([name, 404]);
		// Who asked for a run or a batch by its number is not told which project it is of.
		if (!name.includes(':project')) expect(await there.text(), name).not.toContain(project);
	}
});

test('a runner’s token opens nothing of a project', async () => {
	for (const { name, send } of closed())
		expect([name, (await send(runner, true)).status]).toEqual([name, 404]);
});

test('a labeler reads what is theirs, and nothing of what others label', async () => {
	const labeler = await server.person('Blind', { project, role: 'labeler' });
	const open = [
		'get /api/projects/:project',
		'get /api/projects/:project/members',
		'get /api/projects/:project/changes',
	];
	for (const { name, send } of closed().filter(({ name: one }) => one.startsWith('get '))) {
		const reply = await send(labeler, true);
		expect(open.includes(name) ? [200] : [403, 404], name).toContain(reply.status);
		if (reply.status !== 200) continue; // a refusal names only what was asked for
		const text = await reply.text();
		for (const secret of [batch, 'Words of the item', '"user":"owner"'])
			expect(text, name).not.toContain(secret);
	}
	const feed = await (await labeler.call('GET', '/api/changes')).text();
	for (const table of ['batches', 'summaries', 'snapshots', 'runs', 'runners', 'imports'])
		expect(feed).not.toContain(`"table":"${table}"`);
});

test('git and LFS know nothing of a stranger either', async () => {
	const headers = { Authorization: `Basic ${btoa(`x:${stranger.token}`)}` };
	for (const name of [project, 'nowhere']) {
		const refs = `${server.url}/git/${name}.git/info/refs?service=git-upload-pack`;
		expect((await fetch(refs, { headers })).status).toBe(404);
		const lfs = await fetch(`${server.url}/git/${name}.git/info/lfs/objects/batch`, {
			method: 'POST',
			headers,
			body: '{"operation":"download","objects":[]}',
		});
		expect(lfs.status).toBe(404);
	}
});
