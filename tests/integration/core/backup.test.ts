import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backup } from '#sync-server/operator/backup.ts';
import { HomeInUse } from '#sync-server/operator/home-lock.ts';
import { restore } from '#sync-server/operator/restore.ts';
import { ownerToken, startTestServer } from './test-server.ts';

let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'flywheel-backup-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a backup of a running server holds everything, and comes back as a new epoch', async () => {
	const file = join(folder, 'backup.tar.gz');
	const server = await startTestServer();
	const answer = { values: { sentiment: 'positive' } };
	const id = await server.makeProject('Kept', [{ id: 'a', data: { text: 'Good' }, answer }]);
	const { commit } = await server.ownerClient.json<{ commit: string }>(
		'POST',
		`/api/projects/${id}/snapshots`,
		{ message: 'Before the fire' },
	);
	await backup(server.home, file);
	expect((await stat(file)).mode & 0o777).toBe(0o600);
	await expect(restore(file, server.home)).rejects.toThrow(HomeInUse);
	await server.remove();

	const home = join(folder, 'restored');
	const restored = await restore(file, home);
	expect(restored.missing).toMatch(/^What people did after .* may be missing/);
	expect(restored.movedTo).toBeUndefined();
	expect((await stat(home)).mode & 0o777).toBe(0o700);
	const again = await startTestServer({ home });
	try {
		expect(again.epoch).not.toBe(server.epoch);
		const page = await again.ownerClient.json<{ total: number }>(
			'GET',
			`/api/projects/${id}/items`,
		);
		expect(page.total).toBe(1);
		const clone = join(folder, 'clone');
		await promisify(execFile)('git', [
			'clone',
			'--quiet',
			'--branch',
			'datasets/main',
			`http://x:${ownerToken}@127.0.0.1:${again.address.port}/git/${id}.git`,
			clone,
		]);
		expect((await readFile(join(clone, '.git/HEAD'), 'utf8')).trim()).toBe(
			'ref: refs/heads/datasets/main',
		);
		expect(commit).toMatch(/^[0-9a-f]{40}$/);
		const { commit: same } = await again.ownerClient.json<{ commit: string }>(
			'POST',
			`/api/projects/${id}/snapshots`,
			{ message: 'Nothing changed' },
		);
		expect(same).toBe(commit);
	} finally {
		await again.close();
	}

	const { movedTo } = await restore(file, home);
	expect((await stat(join(movedTo!, 'tables.db'))).size).toBeGreaterThan(0);
});

test('what is no backup is refused and changes nothing', async () => {
	const file = join(folder, 'not-a-backup.tar');
	await writeFile(file, 'hello');
	const home = join(folder, 'untouched');
	await expect(restore(file, home)).rejects.toThrow();
	await expect(stat(home)).rejects.toThrow('ENOENT');
});
