import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownerToken } from '../core/test-server.ts';
import { hashOf, openHostileWorld, type HostileWorld } from './hostile-world.ts';

let world: HostileWorld;
let work: string;
beforeAll(async () => {
	world = await openHostileWorld();
	work = await mkdtemp(join(tmpdir(), 'flywheel-hostile-git-'));
	const remote = world.url.replace('http://', `http://x:${ownerToken}@`);
	expect(await git(['clone', '-q', `${remote}/git/target.git`, '.'])).toMatchObject({ code: 0 });
});
afterAll(async () => {
	await world.remove();
	await rm(work, { recursive: true, force: true });
});

/** Runs git in the clone; says what it printed, whether it succeeded or not. */
function git(
	args: readonly string[],
	input?: Buffer | string,
): Promise<{ code: number; text: string }> {
	return new Promise((resolve) => {
		const child = execFile(
			'git',
			args,
			{
				cwd: work,
				env: {
					PATH: process.env['PATH'],
					HOME: work,
					GIT_TERMINAL_PROMPT: '0',
					GIT_AUTHOR_NAME: 'eve',
					GIT_AUTHOR_EMAIL: 'eve@evil.example',
					GIT_COMMITTER_NAME: 'eve',
					GIT_COMMITTER_EMAIL: 'eve@evil.example',
				},
			},
			(error, stdout, stderr) =>
				resolve({ code: error ? 1 : 0, text: `${stdout}${stderr}`.trim() }),
		);
		child.stdin!.on('error', () => undefined); // most commands read nothing
		child.stdin!.end(input ?? '');
	});
}

describe('a push', () => {
	/** A commit whose tree has one entry of that name and mode, written past git's own checks. */
	async function commitWith(mode: string, name: string): Promise<string> {
		const blob = (await git(['hash-object', '-w', '--stdin'], '#!/bin/sh\ntouch /evil\n')).text;
		const tree = await git(
			['hash-object', '-t', 'tree', '--literally', '-w', '--stdin'],
			Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(blob, 'hex')]),
		);
		return (await git(['commit-tree', tree.text, '-m', 'x'])).text;
	}

	test.each([
		['100644', '..'],
		['100644', '.git'],
		['100644', '.GIT'],
		['100644', 'a/b'],
		['120000', '.gitmodules'],
	])('with a tree entry %s %s is refused, and moves nothing', async (mode, name) => {
		const commit = await commitWith(mode, name);
		await world.unharmed(async () => {
			const said = await git(['push', 'origin', `${commit}:refs/heads/evil`]);
			expect(said.code).toBe(1);
			expect(said.text).toMatch(/fsck|hasDot|fullPathname|remote unpack failed|symlink/i);
		});
	});

	test('to what the program alone moves is refused by the reason, all of it', async () => {
		await world.unharmed(async () => {
			for (const name of [
				'refs/heads/datasets/main',
				'refs/heads/model/x',
				'refs/heads/release/live',
				'refs/tags/snapshots/main/1',
				'refs/flywheel/x',
				'refs/hooks/post-receive',
			]) {
				const said = await git(['push', 'origin', 'HEAD:refs/heads/fine', `HEAD:${name}`]);
				expect([name, said.code]).toEqual([name, 1]);
				expect(said.text).toMatch(/remote: |deny|refused|hidden/);
			}
		});
	});

	test('that does not say it is one is refused in words', async () => {
		await world.unharmed(async () => {
			const reply = await world.send('POST', '/git/target.git/git-receive-pack', {
				body: Buffer.from('0000'),
			});
			expect(reply.status).toBe(415);
			expect(await reply.text()).toContain('application/x-git-receive-pack-request');
		});
	});

	test('of bytes that are no pack is answered, and moves nothing', async () => {
		const { text: head } = await git(['rev-parse', 'HEAD']);
		const command = `${'0'.repeat(40)} ${head} refs/heads/raw\0 report-status`;
		const line = (command.length + 4).toString(16).padStart(4, '0') + command;
		await world.unharmed(
			async () => {
				for (const body of [
					'garbage',
					'ffff',
					'0000',
					`${line}0000PACKgarbage`,
					`${line}0000${'PACK\0\0\0\u0002\0\u00ff\u00ff\u00ff'.repeat(100)}`,
					line.replace('refs/heads/raw', '../../../etc/x') + '0000',
				]) {
					const reply = await world.send('POST', '/git/target.git/git-receive-pack', {
						body: Buffer.from(body, 'latin1'),
						headers: { 'Content-Type': 'application/x-git-receive-pack-request' },
					});
					expect(reply.status).toBeLessThan(500);
					await reply.text();
				}
				expect((await git(['ls-remote', 'origin', 'refs/heads/raw'])).text).toBe('');
				// What git itself complains of is for the operator to see.
			},
			{ faults: /git in target: fatal: (protocol error|pack has)/ },
		);
	});
});

describe('LFS', () => {
	const lfs = '/git/target.git/info/lfs/objects';

	test('names that are paths, and bytes under another name, are refused and kept nowhere', async () => {
		await world.unharmed(async () => {
			for (const oid of ['../../tables.db', '..%2f..%2ftables.db', 'A'.repeat(64), 'a'.repeat(63)])
				for (const method of ['GET', 'PUT']) {
					const reply = await world.send(method, `${lfs}/${oid}`, {
						...(method === 'PUT' ? { body: 'x' } : {}),
					});
					expect([oid, method, reply.status]).toEqual([oid, method, 404]);
				}
			const wrong = await world.send('PUT', `${lfs}/${'a'.repeat(64)}`, { body: 'x' });
			expect(wrong.status).toBe(422);
			expect(await wrong.json()).toMatchObject({
				message: expect.stringContaining('SHA-256') as string,
			});
			const many = Array.from({ length: 5000 }, () => ({ oid: 'a'.repeat(64), size: 1 }));
			const batch = await world.send('POST', `${lfs}/batch`, {
				body: JSON.stringify({ operation: 'download', objects: many }),
			});
			expect(batch.status).toBe(413);
		});
	});

	test('of one project opens nothing of another, by no door', async () => {
		const secret = Buffer.from('parameters of a model');
		const oid = hashOf(secret);
		expect((await world.send('PUT', `${lfs}/${oid}`, { body: secret })).status).toBe(200);
		await world.unharmed(async () => {
			for (const path of [
				`/git/bystander.git/info/lfs/objects/${oid}`,
				`/api/projects/bystander/blobs/${oid}`,
				`/git/bystander.git/../target.git/info/lfs/objects/${oid}x`,
			])
				expect([path, (await world.send('GET', path)).status]).toEqual([path, 404]);
			const verify = await world.send('POST', '/git/bystander.git/info/lfs/objects/verify', {
				body: JSON.stringify({ oid, size: secret.length }),
			});
			expect(verify.status).toBe(404);
		});
	});
});
