import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCode } from '#sync-server/git/read-code.ts';
import { GitWorld } from './git-world.ts';

let world: GitWorld;

beforeAll(async () => {
	world = await GitWorld.open();
	await world.project('code', [
		{ path: 'src/train.mjs', bytes: 'console.log(1);\n' },
		{ path: 'src/deep/a.txt', bytes: 'ü\n' },
		{ path: 'zero.bin', bytes: '\0' },
		{ path: 'long.txt', bytes: 'x'.repeat(1024 * 1024 + 1) },
	]);
});
afterAll(() => world.close());

const read = (path: string, ref = 'main') =>
	readCode(world.repositories, { project: 'code', ref, path });

describe('the code of a project', () => {
	test('is listed folder by folder, folders first', async () => {
		const root = await read('');
		expect(root).toMatchObject({
			kind: 'folder',
			entries: [
				{ name: 'src', kind: 'folder' },
				{ name: 'README.md', kind: 'file' },
				{ name: 'long.txt', kind: 'file' },
				{ name: 'zero.bin', kind: 'file' },
			],
		});
		expect(await read('/src/')).toMatchObject({
			entries: [{ name: 'deep' }, { name: 'train.mjs' }],
		});
	});

	test('is text where it can be read, else so many bytes', async () => {
		expect(await read('src/deep/a.txt')).toMatchObject({ kind: 'text', text: 'ü\n' });
		expect(await read('zero.bin')).toMatchObject({ kind: 'bytes', sizeBytes: 1 });
		expect(await read('long.txt')).toMatchObject({ kind: 'bytes', sizeBytes: 1024 * 1024 + 1 });
	});

	test('is read at a commit as well', async () => {
		const { commit } = await read('');
		expect(await read('src/train.mjs', commit)).toMatchObject({ text: 'console.log(1);\n' });
	});

	test.each([
		['nothing', 'main'],
		['src/train.mjs/x', 'main'],
		['../../config', 'main'],
		['', 'nowhere'],
		['', '--all'],
		['', 'main^{tree}'],
		['', 'f'.repeat(40)],
	])('has nothing at %j of %j', async (path, ref) => {
		await expect(read(path, ref)).rejects.toMatchObject({ code: 'not_found' });
	});

	test('opens no other folder through a project’s name', () => {
		expect(() => world.repositories.folderOf('../x')).toThrow('There is no project');
	});
});

test('what one commit holds is read as files, lists and a first line', async () => {
	const commit = (await world.repositories.resolve('code', 'main'))!;
	expect(await world.repositories.listFiles('code', commit, 'src')).toEqual([
		'src/deep/a.txt',
		'src/train.mjs',
	]);
	expect(await world.repositories.subjectOf('code', commit)).toBe('Start code');
	expect(await world.repositories.readFile('code', commit, 'none')).toBeUndefined();
	expect(await world.repositories.readFile('code', commit, 'src')).toBeUndefined();
});

test('many packs are rolled up and nothing is lost', async () => {
	await world.project('packs');
	await world.import('packs', [{ id: 'a', data: { text: 'a' } }]);
	for (let round = 0; round < 45; round += 1) {
		const isWithdrawn = round % 2 === 0;
		await world.tables.items.withdraw({ project: 'packs', item: 'a', isWithdrawn });
		await world.repositories.snapshot({ project: 'packs', name: 'main', message: '', by: 'ada' });
	}
	await world.repositories.reconcile();
	const said = await world.command('sh', '.', [
		'-c',
		'ls repositories/packs.git/objects/pack/*.pack | wc -l',
	]);
	expect(Number(said.text)).toBeLessThan(20);
	const check = await world.git('repositories/packs.git', 'fsck', '--strict');
	expect(check.exitCode).toBe(0);
	expect(await world.tables.snapshots.list('packs')).toHaveLength(45);
});
