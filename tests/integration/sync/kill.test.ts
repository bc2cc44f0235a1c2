import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { unpackUpdates } from '#sync-server/log/archive-piece.ts';
import { Authors, authorsOf } from '#sync-server/log/authors.ts';
import { readDocument } from '#sync-server/log/compact-document.ts';
import { openSqliteLog } from '#sync-server/log/sqlite/open-log.ts';
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

/** From its base on every update is there, together they say what is served, and each entry has its author (S14). */
async function historyIsWhole(file: string): Promise<void> {
	const log = await openSqliteLog({ file });
	const name = 'p/b/answers';
	const { base, baseSeq, archive, updates, authors, owners } = await log.history(name);
	const { stored } = await log.open(name);
	await log.close();
	const past = [...archive.flatMap(unpackUpdates), ...updates];
	expect(past.map(({ seq }) => seq)).toEqual(past.map((_, index) => baseSeq + 1 + index));
	expect(baseSeq + past.length).toBe(stored.head);
	const rebuilt = readDocument(name, { snapshot: base, updates: past });
	const served = readDocument(name, stored);
	expect(rebuilt.getMap('draft').toJSON()).toEqual(served.getMap('draft').toJSON());
	const known = [new Authors(authors), new Authors(authorsOf(updates))];
	for (const { id } of served.getMap('draft')._map.values())
		expect(known.map((one) => one.find(id.client, id.clock)?.user)).toContain(
			owners.get(id.client),
		);
}

test('S2 S8 S14 kill -9 under load, in the middle of compactions: every acknowledged update is there', async () => {
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
		await historyIsWhole(join(folder, 'updates.sqlite'));
	}
	const server = await start(folder);
	onTestFinished(() => void server.process.kill('SIGKILL'));
	const reader = await WireClient.join(`${server.url}/p/b/answers?user=reader`);
	const kept = reader.document.getMap('draft');
	expect(acknowledged.length).toBeGreaterThan(500);
	expect(acknowledged.filter((key) => !kept.has(key))).toEqual([]);
	await reader.close();
});
