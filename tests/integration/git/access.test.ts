import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseRunSpec } from '#shared/run/spec.ts';
import { at, GitWorld } from './git-world.ts';

let world: GitWorld;

beforeAll(async () => {
	world = await GitWorld.open();
	await world.project('open');
	await world.project('shut');
	const member = { project: 'open', hasCode: false, joinedAt: '2026-01-01T00:00:00.000Z' };
	for (const role of ['reviewer', 'labeler', 'viewer'] as const) {
		await world.tables.members.put({ ...member, user: role, role });
		world.callers.set(`${role}-token`, {
			kind: 'person',
			user: role,
			name: role,
			via: 'token',
			credential: 'of the test',
		});
	}
	await world.tables.members.put({ ...member, user: 'coder', role: 'reviewer', hasCode: true });
	world.callers.set('coder-token', {
		kind: 'person',
		user: 'coder',
		name: 'coder',
		via: 'token',
		credential: 'of the test',
	});
	await liveAttempt();
	world.callers.set('runner-token', { kind: 'runner', token: 't', name: 'r', user: 'ada' });
	await world.git('.', 'clone', '-q', world.remote('open'), 'work');
});
afterAll(() => world.close());

/** Gives `attempt-token` to a living attempt of a run of the project `open`. */
async function liveAttempt(): Promise<void> {
	const spec = parseRunSpec('run: "true"\n');
	if (spec.kind !== 'ok') throw new Error('the specification is refused');
	const commit = (await world.repositories.resolve('open', 'main'))!;
	await world.tables.runs.create([
		{
			project: 'open',
			name: 'first',
			codeCommit: commit,
			codeMessage: '',
			dataName: 'main',
			dataCommit: commit,
			spec: spec.spec,
			params: {},
			by: 'ada',
			at,
			origin: 'test',
		},
	]);
	const claim = { runner: { id: 'r', name: 'r', tags: [] }, projects: null, tokenHash: 'hash', at };
	const { run, attempt } = (await world.tables.attempts.claim(claim))!;
	world.callers.set('attempt-token', { kind: 'attempt', run: run.id, attempt, project: 'open' });
	world.callers.set('late-token', {
		kind: 'attempt',
		run: run.id,
		attempt: attempt + 1,
		project: 'open',
	});
}

const status = async (path: string, token?: string, init: RequestInit = {}): Promise<number> => {
	const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
	const reply = await fetch(`${world.url}/git/${path}`, { ...init, headers });
	await reply.body?.cancel();
	return reply.status;
};
const fetching = (project: string) => `${project}.git/info/refs?service=git-upload-pack`;
const pushing = (project: string) => `${project}.git/info/refs?service=git-receive-pack`;
const lfs = { method: 'POST', body: '{"operation":"download","objects":[]}' };

describe('who may use git', () => {
	test('nobody without credentials, who are asked for some', async () => {
		const reply = await fetch(`${world.url}/git/${fetching('open')}`);
		expect(reply.status).toBe(401);
		expect(reply.headers.get('www-authenticate')).toContain('Basic realm=');
		const large = await fetch(`${world.url}/git/open.git/info/lfs/objects/batch`, lfs);
		expect(large.status).toBe(401);
		expect(large.headers.get('lfs-authenticate')).toContain('Basic realm=');
	});

	test('nobody with credentials that are none, nor with a cookie', async () => {
		expect(await status(fetching('open'), 'guessed')).toBe(401);
		const reply = await fetch(`${world.url}/git/${fetching('open')}`, {
			headers: { cookie: 'flywheel-4400=ada-token' },
		});
		expect(reply.status).toBe(401);
	});

	test.each(['bob', 'reviewer', 'labeler', 'viewer', 'runner'])(
		'%s, without the right code, finds no repository, as where there is none',
		async (who) => {
			for (const project of ['open', 'none']) {
				expect(await status(fetching(project), `${who}-token`)).toBe(404);
				expect(await status(pushing(project), `${who}-token`)).toBe(404);
				expect(await status(`${project}.git/info/lfs/objects/batch`, `${who}-token`, lfs)).toBe(
					404,
				);
			}
		},
	);

	test('a member with the right code reads and pushes', async () => {
		expect(await status(fetching('open'), 'coder-token')).toBe(200);
		const said = await world.git(
			'work',
			'push',
			world.remote('open', 'coder-token'),
			'main:by-coder',
		);
		expect(said).toMatchObject({ exitCode: 0 });
		expect(await status(fetching('shut'), 'coder-token')).toBe(404);
	});

	test('an attempt fetches its own project and pushes nothing', async () => {
		expect(await status(fetching('open'), 'attempt-token')).toBe(200);
		expect(await status('open.git/info/lfs/objects/batch', 'attempt-token', lfs)).toBe(200);
		expect(await status(fetching('shut'), 'attempt-token')).toBe(404);
		const said = await world.git('work', 'push', world.remote('open', 'attempt-token'), 'main:x');
		expect(said.exitCode).not.toBe(0);
		expect(said.text).toContain('403');
	});

	test('an attempt that is over fetches nothing more', async () => {
		expect(await status(fetching('open'), 'late-token')).toBe(409);
		expect(await status('open.git/info/lfs/objects/batch', 'late-token', lfs)).toBe(409);
	});

	test.each([
		'open.git/config',
		'open.git/HEAD',
		'open.git/objects/info/packs',
		'open.git/info/refs',
		'open.git/../shut.git/HEAD',
		'..%2f..%2fetc.git/info/refs?service=git-upload-pack',
		'.hooks/info/refs?service=git-upload-pack',
		'open.git/info/refs?service=git-shell',
	])('there is nothing at %s', async (path) => {
		expect(await status(path, 'ada-token')).toBe(404);
	});

	test('what a client breaks off leaves no fault and no turn taken', async () => {
		for (let round = 0; round < 20; round += 1) {
			const gone = new AbortController();
			const started = fetch(`${world.url}/git/open.git/git-receive-pack`, {
				method: 'POST',
				headers: {
					authorization: 'Bearer ada-token',
					'content-type': 'application/x-git-receive-pack-request',
				},
				body: new ReadableStream({ pull: (controller) => controller.enqueue(Buffer.from('0000')) }),
				duplex: 'half',
				signal: gone.signal,
			} as RequestInit);
			gone.abort();
			await expect(started).rejects.toThrow();
		}
		expect(await status(fetching('open'), 'ada-token')).toBe(200);
	});
});
