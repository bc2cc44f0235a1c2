import { randomBytes, createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GitWorld } from './git-world.ts';

let world: GitWorld;
const bytes = randomBytes(3 * 1024 * 1024);
const oid = createHash('sha256').update(bytes).digest('hex');

beforeAll(async () => {
	world = await GitWorld.open();
	await world.project('heavy', [
		{ path: '.gitattributes', bytes: '*.bin filter=lfs diff=lfs merge=lfs -text\n' },
	]);
	await world.project('other');
	await world.command('git', '.', ['lfs', 'install', '--skip-repo']);
	await world.git('.', 'clone', '-q', world.remote('heavy'), 'work');
	await writeFile(join(world.folder, 'work/weights.bin'), bytes);
	await world.git('work', 'add', '-A');
	await world.git('work', 'commit', '-q', '-m', 'Weights');
});
afterAll(() => world.close());

const batch = (project: string, body: object, token = 'ada-token', suffix = '.git') =>
	fetch(`${world.url}/git/${project}${suffix}/info/lfs/objects/batch`, {
		method: 'POST',
		headers: { authorization: `Bearer ${token}`, 'content-type': 'application/vnd.git-lfs+json' },
		body: JSON.stringify(body),
	});

describe('LFS', () => {
	test('a pointer without its bytes is refused', async () => {
		const said = await world.command('git', 'work', [
			'-c',
			'core.hooksPath=/dev/null',
			'push',
			'origin',
			'main',
		]);
		expect(said.exitCode).not.toBe(0);
		expect(said.text).toContain('git lfs push --all origin');
		expect(said.text).toContain('weights.bin');
	});

	test('a push brings the bytes and a clone gets them', async () => {
		const said = await world.git('work', 'push', 'origin', 'main');
		expect(said).toMatchObject({ exitCode: 0 });
		expect(await world.tables.blobs.find('heavy', oid)).toMatchObject({ sizeBytes: bytes.length });
		await world.git('.', 'clone', '-q', world.remote('heavy'), 'again');
		expect((await readFile(join(world.folder, 'again/weights.bin'))).equals(bytes)).toBe(true);
	});

	test('the address without .git serves as well', async () => {
		const reply = await batch(
			'heavy',
			{ operation: 'download', objects: [{ oid }] },
			'ada-token',
			'',
		);
		expect(await reply.json()).toMatchObject({
			objects: [{ oid, size: bytes.length, actions: { download: {} } }],
		});
	});

	test('bytes that are here are not asked for again', async () => {
		const reply = await batch('heavy', {
			operation: 'upload',
			objects: [{ oid, size: bytes.length }],
		});
		expect(await reply.json()).toEqual({
			transfer: 'basic',
			hash_algo: 'sha256',
			objects: [{ oid, size: bytes.length, authenticated: true }],
		});
	});

	test('a hash known from one project opens nothing in another, and its bytes must be sent', async () => {
		const down = await batch('other', {
			operation: 'download',
			objects: [{ oid, size: bytes.length }],
		});
		expect(await down.json()).toMatchObject({ objects: [{ error: { code: 404 } }] });
		const up = await batch('other', {
			operation: 'upload',
			objects: [{ oid, size: bytes.length }],
		});
		expect(await up.json()).toMatchObject({ objects: [{ actions: { upload: {}, verify: {} } }] });
		const direct = await fetch(`${world.url}/git/other.git/info/lfs/objects/${oid}`, {
			headers: { authorization: 'Bearer ada-token' },
		});
		expect(direct.status).toBe(404);
	});

	test('a part can be fetched, and a part that is not there is refused', async () => {
		const get = (range: string) =>
			fetch(`${world.url}/git/heavy.git/info/lfs/objects/${oid}`, {
				headers: { authorization: 'Bearer ada-token', range },
			});
		const part = await get(`bytes=1000-${bytes.length - 1}`);
		expect(part.status).toBe(206);
		expect(part.headers.get('content-range')).toBe(
			`bytes 1000-${bytes.length - 1}/${bytes.length}`,
		);
		expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(1000))).toBe(true);
		expect((await get(`bytes=${bytes.length}-`)).status).toBe(416);
	});

	test('an object beyond the limit is refused and kept nowhere', async () => {
		const large = Buffer.alloc(16 * 1024 * 1024 + 1);
		const name = createHash('sha256').update(large).digest('hex');
		const reply = await fetch(`${world.url}/git/heavy.git/info/lfs/objects/${name}`, {
			method: 'PUT',
			headers: { authorization: 'Bearer ada-token' },
			body: large,
		});
		expect(reply.status).toBe(413);
		expect(await world.tables.blobs.find('heavy', name)).toBeUndefined();
	});

	test('bytes under another hash are refused for good', async () => {
		const wrong = 'f'.repeat(64);
		const reply = await fetch(`${world.url}/git/heavy.git/info/lfs/objects/${wrong}`, {
			method: 'PUT',
			headers: { authorization: 'Bearer ada-token' },
			body: 'not that',
		});
		expect(reply.status).toBe(422);
		expect(reply.headers.get('content-type')).toContain('application/vnd.git-lfs+json');
		expect(await world.tables.blobs.find('heavy', wrong)).toBeUndefined();
	});

	test('an empty object is an object', async () => {
		const empty = createHash('sha256').digest('hex');
		const headers = { authorization: 'Bearer ada-token' };
		const url = `${world.url}/git/heavy.git/info/lfs/objects/${empty}`;
		expect((await fetch(url, { method: 'PUT', headers, body: '' })).status).toBe(200);
		const got = await fetch(url, { headers });
		expect([got.status, (await got.arrayBuffer()).byteLength]).toEqual([200, 0]);
	});

	test('names that are no hashes, wrong sizes and bodies that are no requests get an answer each', async () => {
		const reply = await batch('heavy', {
			operation: 'download',
			objects: [
				{ oid: '../x', size: 1 },
				{ oid, size: 1 },
			],
		});
		expect(await reply.json()).toMatchObject({
			objects: [{ error: { code: 422 } }, { error: { code: 422 } }],
		});
		expect((await batch('heavy', { operation: 'steal', objects: [] })).status).toBe(400);
		expect(
			(await batch('heavy', { operation: 'download', hash_algo: 'md5', objects: [] })).status,
		).toBe(409);
	});

	test('there are no locks, and clients are told so by a 404', async () => {
		const reply = await fetch(`${world.url}/git/heavy.git/info/lfs/locks/verify`, {
			method: 'POST',
			headers: { authorization: 'Bearer ada-token' },
			body: '{}',
		});
		expect(reply.status).toBe(404);
		expect(await reply.json()).toHaveProperty('message');
	});
});

describe('a model', () => {
	const kept = (path: string, content: Buffer) => ({
		path,
		sha256: createHash('sha256').update(content).digest('hex'),
		sizeBytes: content.length,
		mode: '100644' as const,
	});
	const notes = Buffer.from('{"lr": 0.1}\n');
	const zeros = Buffer.from([0, 1, 2]);

	test('is the code with its kept files, the large ones in LFS, on top of the code commit', async () => {
		for (const content of [notes, zeros])
			await fetch(`${world.url}/git/heavy.git/info/lfs/objects/${kept('', content).sha256}`, {
				method: 'PUT',
				headers: { authorization: 'Bearer ada-token' },
				body: new Uint8Array(content),
			});
		const codeCommit = (await world.git('work', 'rev-parse', 'main')).text.trim();
		const request = {
			project: 'heavy',
			name: 'first',
			codeCommit,
			files: [
				kept('model/notes.json', notes),
				kept('model/a b[1].dat', zeros),
				kept('model/weights.dat', bytes),
			],
			message: 'Run 1\n\nAttempt: 1\n',
		};
		const first = await world.repositories.commitModel(request);
		expect(first.branch).toBe('model/first');
		expect(await world.repositories.commitModel(request)).toEqual(first);
		await world.git('work', 'fetch', '-q');
		expect(await world.git('work', 'checkout', '-q', 'model/first')).toMatchObject({ exitCode: 0 });
		const folder = join(world.folder, 'work');
		expect((await readFile(join(folder, 'model/weights.dat'))).equals(bytes)).toBe(true);
		expect((await readFile(join(folder, 'model/a b[1].dat'))).equals(zeros)).toBe(true);
		expect((await readFile(join(folder, 'model/notes.json'))).equals(notes)).toBe(true);
		expect((await stat(join(folder, 'README.md'))).isFile()).toBe(true);
		expect((await world.git('work', 'status', '--porcelain')).text).toBe('');
		expect((await world.git('work', 'lfs', 'ls-files', '-n')).text.split('\n')).toEqual(
			expect.arrayContaining(['model/a b[1].dat', 'model/weights.dat', 'weights.bin']),
		);
		const second = await world.repositories.commitModel({ ...request, message: 'Run 2\n' });
		await world.git('work', 'fetch', '-q');
		const parents = (
			await world.git('work', 'log', '-1', '--format=%P', 'origin/model/first')
		).text.trim();
		expect(parents).toBe(`${first.commit} ${codeCommit}`);
		expect(second.commit).not.toBe(first.commit);
	});

	test.each(['../up', '/root', '.git/config', 'a/.gitattributes', 'a//b', 'a\nb', 'a\\b'])(
		'keeps nothing at %j',
		async (path) => {
			const codeCommit = (await world.git('work', 'rev-parse', 'main')).text.trim();
			const files = [kept(path, notes)];
			await expect(
				world.repositories.commitModel({
					project: 'heavy',
					name: 'x',
					codeCommit,
					files,
					message: '',
				}),
			).rejects.toMatchObject({ code: 'bad_request' });
		},
	);

	test('keeps no bytes that the project was never sent', async () => {
		const codeCommit = (await world.git('work', 'rev-parse', 'main')).text.trim();
		const files = [kept('model/new', Buffer.from('never sent'))];
		await expect(
			world.repositories.commitModel({
				project: 'heavy',
				name: 'x',
				codeCommit,
				files,
				message: '',
			}),
		).rejects.toThrow('upload them first');
	});
});
