import fs from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import git from 'isomorphic-git';
import http from 'isomorphic-git/http/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GitWorld } from './git-world.ts';

let world: GitWorld;

beforeAll(async () => {
	world = await GitWorld.open();
	await world.project('wheel', [{ path: 'flywheel.yml', bytes: 'run: node train.mjs\n' }]);
	await world.git('.', 'clone', '-q', world.remote('wheel'), 'work');
});
afterAll(() => world.close());

async function commit(path: string, bytes: string | Uint8Array, folder = 'work'): Promise<void> {
	const file = join(world.folder, folder, path);
	await mkdir(join(file, '..'), { recursive: true });
	await writeFile(file, bytes);
	await world.git(folder, 'add', '-A');
	await world.git(folder, 'commit', '-q', '-m', `Write ${path}`);
}

describe('what people push', () => {
	test('a clone has the first commit of main', async () => {
		expect(await readFile(join(world.folder, 'work/README.md'), 'utf8')).toBe('# wheel\n');
		const said = await world.git('work', 'log', '-1', '--format=%an %ae %s');
		expect(said.text.trim()).toBe('The ada ada@flywheel Start wheel');
	});

	test('main and other branches and tags are taken', async () => {
		await commit('a.txt', 'a\n');
		const said = await world.git(
			'work',
			'push',
			'origin',
			'main',
			'main:refs/heads/idea/one',
			'main:refs/tags/v1',
		);
		expect(said).toMatchObject({ exitCode: 0 });
		expect(world.pushes).toEqual([]);
	});

	test.each([
		['main:datasets/main', 'by taking a snapshot'],
		['main:model/first', 'push train/<name>'],
		['main:release/live', 'passed its gate'],
		['main:refs/tags/snapshots/main/1', 'never move'],
		['main:refs/other/x', 'neither a branch nor a tag'],
		['main:train/a/b', 'name a training'],
		[':main', 'keeps its main branch'],
	])('%s is refused with the reason', async (refspec, reason) => {
		const said = await world.git('work', 'push', 'origin', refspec);
		expect(said.exitCode).not.toBe(0);
		expect(said.text).toContain(reason);
	});

	test('one refused reference refuses the whole push', async () => {
		const said = await world.git('work', 'push', 'origin', 'main:ok', 'main:model/x');
		expect(said.exitCode).not.toBe(0);
		expect((await world.git('work', 'ls-remote', 'origin', 'refs/heads/ok')).text).toBe('');
	});

	test('a file that git should not carry is refused with the advice', async () => {
		await world.git('.', 'clone', '-q', world.remote('wheel'), 'large');
		await commit('big.bin', new Uint8Array(51 * 1024 * 1024), 'large');
		const said = await world.git('large', 'push', 'origin', 'main:large');
		expect(said.exitCode).not.toBe(0);
		expect(said.text).toContain('big.bin has 51 MB');
		expect(said.text).toContain("git lfs track 'big.bin'");
	});
});

describe('a push of train/*', () => {
	test('is refused while there is no snapshot to train on', async () => {
		const said = await world.git('work', 'push', 'origin', 'main:train/early');
		expect(said.exitCode).not.toBe(0);
		expect(said.text).toContain('there is no snapshot datasets/main yet');
	});

	test('makes a run and says so in the terminal', async () => {
		await world.import('wheel', [{ id: 'one', data: { text: 'good' } }]);
		await world.repositories.snapshot({ project: 'wheel', name: 'main', message: '', by: 'ada' });
		const said = await world.git('work', 'push', 'origin', 'main:train/first');
		expect(said).toMatchObject({ exitCode: 0 });
		expect(said.text).toContain('remote: Run 1 is queued: http');
		const commitId = (await world.git('work', 'rev-parse', 'main')).text.trim();
		expect(world.pushes).toHaveLength(1);
		expect(world.pushes[0]).toMatchObject({
			project: 'wheel',
			name: 'first',
			commit: commitId,
			by: 'ada',
		});
		expect(world.pushes[0]!.origin).toMatch(
			/^refs\/heads\/train\/first [0-9a-f]{40} [0-9a-f-]{36}$/,
		);
		expect(await world.tables.pushes.list()).toEqual([]);
	});

	test('of nothing new makes none, and of the same commit pushed anew makes one more', async () => {
		await world.git('work', 'push', 'origin', 'main:train/first');
		expect(world.pushes).toHaveLength(1);
		await world.git('work', 'push', 'origin', ':train/first');
		await world.git('work', 'push', 'origin', 'main:train/first');
		expect(world.pushes).toHaveLength(2);
		expect(world.pushes[1]!.origin).not.toBe(world.pushes[0]!.origin);
	});

	test('without a flywheel.yml is refused with the reason', async () => {
		await world.git('work', 'checkout', '-q', '-b', 'bare');
		await world.git('work', 'rm', '-q', 'flywheel.yml');
		await world.git('work', 'commit', '-q', '-m', 'No wheel');
		const said = await world.git('work', 'push', 'origin', 'bare:train/bare');
		expect(said.exitCode).not.toBe(0);
		expect(said.text).toContain('there is no flywheel.yml at the root');
	});

	test('with a flywheel.yml that does not parse is refused with the line', async () => {
		await commit(
			'flywheel.yml',
			'run: node train.mjs\nneeds: { timeout: soon }\nkeeep: [model/]\n',
		);
		const said = await world.git('work', 'push', 'origin', 'bare:train/bare');
		expect(said.exitCode).not.toBe(0);
		expect(said.text).toContain('flywheel.yml:2: ');
		expect(said.text).toContain('flywheel.yml:3: ');
		expect(world.pushes).toHaveLength(2);
	});

	test('whose hook got lost gets its run when the server looks again', async () => {
		await world.git('work', 'checkout', '-q', 'main');
		const queue = world.onTrainPush;
		world.onTrainPush = () => Promise.reject(new Error('the tables are away'));
		const said = await world.git('work', 'push', 'origin', 'main:train/lost');
		expect(said.text).toContain('it will be within a minute');
		const owed = await world.tables.pushes.list();
		expect(owed).toHaveLength(1);
		world.onTrainPush = queue;
		const before = world.pushes.length;
		await world.restart();
		await world.git('work', 'remote', 'set-url', 'origin', world.remote('wheel'));
		await world.repositories.reconcile();
		expect(world.pushes.slice(before).map(({ name, origin }) => [name, origin])).toEqual([
			['lost', world.pushes[before - 1]!.origin],
		]);
		expect(await world.tables.pushes.list()).toEqual([]);
	});

	test('from another client gets the same line', async () => {
		const dir = join(world.folder, 'work');
		const said: string[] = [];
		const pushed = await git.push({
			fs,
			http,
			dir,
			url: `${world.url}/git/wheel.git`,
			ref: 'main',
			remoteRef: 'refs/heads/train/other-client',
			onAuth: () => ({ username: 'x', password: 'ada-token' }),
			onMessage: (line) => void said.push(line),
		});
		expect(pushed.ok).toBe(true);
		expect(said.join('')).toMatch(/Run \d+ is queued/);
	});

	test('that was let in and never moved its reference owes nothing', async () => {
		const before = world.pushes.length;
		await world.tables.pushes.add([
			{
				id: 'p refs/heads/train/never',
				project: 'wheel',
				ref: 'refs/heads/train/never',
				commit: 'a'.repeat(40),
				by: 'ada',
				at: '2026-01-01T00:00:00.000Z',
			},
		]);
		await world.repositories.reconcile();
		expect(world.pushes).toHaveLength(before);
		expect(await world.tables.pushes.list()).toEqual([]);
	});
});
