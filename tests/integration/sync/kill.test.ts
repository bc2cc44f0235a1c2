import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { WireClient } from './wire-client.ts';

const program = new URL('./sync-server-process.ts', import.meta.url).pathname;

async function start(folder: string): Promise<{ url: string; process: ChildProcess }> {
	const child = spawn(process.execPath, [program, folder], {
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
	return { url, process: child };
}

/** Writes and waits for each acknowledgement until the server dies; tells which keys were acknowledged. */
async function writeUntilDeath(url: string, name: string, acknowledged: string[]): Promise<void> {
	const client = await WireClient.join(url);
	for (let index = 0; client.closedWith === undefined; index++) {
		const keys = [0, 1, 2].map((part) => `${name}.${index}.${part}/v/t`);
		for (const key of keys) client.edit((document) => document.getMap('draft').set(key, index));
		if ((await client.barrier(`${index}`)) === 'saved') acknowledged.push(...keys);
	}
}

test('S2 S8 kill -9 under load, in the middle of compactions: every acknowledged update is there', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'kill-'));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	const acknowledged: string[] = [];
	for (let cycle = 0; cycle < 5; cycle++) {
		const server = await start(folder);
		const url = `${server.url}/p/b/answers`;
		const before = acknowledged.length;
		const writers = ['ada', 'bob', 'eve'].map((user) =>
			writeUntilDeath(`${url}?user=${user}`, `${user}.${cycle}`, acknowledged),
		);
		const reader = await WireClient.join(`${url}?user=reader`);
		expect(
			acknowledged.filter((key) => !reader.document.getMap('draft').has(key)).slice(before),
		).toEqual([]);
		// Dies at another point of the work each time: after so many acknowledgements.
		await reader.until(() => acknowledged.length >= before + 60 + 37 * cycle);
		server.process.kill('SIGKILL');
		await once(server.process, 'exit');
		await Promise.all(writers);
	}
	const server = await start(folder);
	onTestFinished(() => void server.process.kill('SIGKILL'));
	const reader = await WireClient.join(`${server.url}/p/b/answers?user=reader`);
	const kept = reader.document.getMap('draft');
	expect(acknowledged.length).toBeGreaterThan(500);
	expect(acknowledged.filter((key) => !kept.has(key))).toEqual([]);
	await reader.close();
}, 60_000);
