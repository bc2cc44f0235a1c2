import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
	server = await startTestServer();
	await server.makeProject('Left');
});
afterAll(() => server.remove());

/** A tar whose lines begin to come in only when all of it is here. */
async function archiveOf(count: number): Promise<Buffer<ArrayBuffer>> {
	const lines = Array.from({ length: count }, (_, n) =>
		JSON.stringify({ id: `i${n}`, data: { text: `Text ${n}` } }),
	);
	const archive = pack();
	archive.entry({ name: 'items.jsonl' }, lines.join('\n'));
	archive.finalize();
	return Buffer.from(await buffer(archive));
}

test('whoever leaves once everything was sent finds the import done, and nothing lies about', async () => {
	const leaving = new AbortController();
	const reply = await fetch(`${server.url}/api/projects/left/import?progress=1`, {
		method: 'POST',
		headers: { Authorization: `Bearer ${server.ownerClient.token}` },
		body: await archiveOf(20_000),
		signal: leaving.signal,
	});
	const reader = reply.body!.getReader();
	expect(new TextDecoder().decode((await reader.read()).value)).toContain('"progress"');
	expect(await readdir(join(server.home, 'imports'))).toHaveLength(1);
	leaving.abort();
	const newest = async () => {
		const feed = await server.tables.changes.read({ user: 'owner', limit: 1000 });
		const rows = feed.kind === 'page' ? feed.lines : [];
		return rows.find(({ table }) => table === 'imports')?.row;
	};
	await expect.poll(newest).toMatchObject({ state: 'done', items: 20_000 });
	await expect.poll(() => readdir(join(server.home, 'imports'))).toEqual([]);
});
