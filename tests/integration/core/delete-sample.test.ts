import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { samples } from '#sync-server/samples/samples.ts';
import { seedSamples } from '#sync-server/samples/seed.ts';
import { codeOf, startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
	server = await startTestServer();
	const signal = new AbortController().signal;
	await seedSamples(samples, { ...server, by: 'owner', signal });
	// What a start that was cut short began is finished by the next one.
	await seedSamples(samples, { ...server, by: 'owner', signal });
});
afterAll(() => server.remove());

/** Rows that name a project, by table, read from the file itself. */
function rowsOf(project: string): Record<string, number> {
	const database = new DatabaseSync(join(server.home, 'tables.db'), { readOnly: true });
	const tables = database
		.prepare(
			`SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
			WHERE m.type = 'table' AND c.name = 'project' AND m.name <> 'changes'`,
		)
		.all()
		.map(({ name }) => name as string);
	const counts = tables.map((table) => {
		const row = database.prepare(`SELECT count(*) AS n FROM ${table} WHERE project = ?`);
		return [table, row.get(project)?.['n'] as number] as const;
	});
	database.close();
	return Object.fromEntries(counts.filter(([, n]) => n > 0));
}

test('the samples are two projects with real data, partly labeled, each with its code', async () => {
	const { total } = await server.ownerClient.json<{ total: number }>(
		'GET',
		'/api/projects/fashion/items',
	);
	expect(total).toBe(1000);
	const reviews = await server.ownerClient.json<{ total: number }>(
		'GET',
		'/api/projects/reviews/items?state=labeled',
	);
	expect(reviews.total).toBe(600);
	const spec = await server.repositories.readFile('reviews', 'main', 'flywheel.yml');
	expect(new TextDecoder().decode(spec)).toContain('run: node train.mjs');
});

test('deleting a sample leaves nothing of it, and nothing else is missing', async () => {
	await server.ownerClient.json('POST', '/api/projects/fashion/batches/take', {});
	await server.ownerClient.json('POST', '/api/projects/fashion/snapshots', { message: 'x' });
	await server.ownerClient.json('POST', '/api/projects/fashion/invites', { role: 'viewer' });
	const others = rowsOf('reviews');
	expect(Object.keys(rowsOf('fashion'))).toEqual(
		expect.arrayContaining(['items', 'batches', 'blobs', 'item_counts', 'snapshots', 'schemas']),
	);
	const lead = await server.person('Lead', { project: 'fashion', role: 'lead' });
	expect((await lead.call('DELETE', '/api/projects/fashion')).status).toBe(403);
	await server.ownerClient.json('DELETE', '/api/projects/fashion');
	expect(rowsOf('fashion')).toEqual({});
	expect(rowsOf('reviews')).toEqual(others);
	expect(await readdir(join(server.home, 'repositories'))).not.toContain('fashion.git');
	expect((await server.ownerClient.call('GET', '/api/projects/fashion')).status).toBe(404);
});

test('a project that is no sample is not deleted', async () => {
	const id = await server.makeProject('Real');
	const reply = await server.ownerClient.call('DELETE', `/api/projects/${id}`);
	expect(reply.status).toBe(403);
	expect(await codeOf(reply)).toBe('forbidden');
	expect(rowsOf(id)).toHaveProperty('schemas', 1);
});
