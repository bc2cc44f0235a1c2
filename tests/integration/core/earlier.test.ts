import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EarlierPage } from '#shared/api/replies.ts';
import { submittedShape } from '#shared/corpus/submission.ts';
import { WireClient } from '../sync/wire-client.ts';
import { codeOf, startTestServer, type Client, type TestServer } from './test-server.ts';

let server: TestServer;
let owner: Client;
let ada: Client;
let ben: Client;
let project: string;
let batch: string;

const at = '2026-02-01T10:00:00.000Z';
const path = (query = ''): string => `/api/projects/${project}/items/i1/earlier${query}`;
const earlier = (query = ''): Promise<EarlierPage> => owner.json('GET', path(query));

async function join(client: Client, part: string): Promise<WireClient> {
	const url = server.url.replace('http', 'ws');
	return WireClient.join(`${url}/sync/${project}/${batch}/${part}?token=${client.token}`);
}

/** Changes one key of a document, or takes it away, and waits until it is on disk. */
async function write(client: Client, part: string, map: string, entries: Record<string, unknown>) {
	const wire = await join(client, part);
	wire.edit((document) => {
		for (const [key, value] of Object.entries(entries))
			if (value === undefined) document.getMap(map).delete(key);
			else document.getMap(map).set(key, value);
	});
	expect(await wire.barrier('written')).toBe('saved');
	await wire.close();
}

beforeAll(async () => {
	server = await startTestServer();
	owner = server.ownerClient;
	const items = ['i1', 'i2'].map((id) => ({ id, data: { text: `Text of ${id}` } }));
	project = await server.makeProject('Earlier', items);
	ada = await server.person('Ada', { project, role: 'labeler' });
	ben = await server.person('Ben', { project, role: 'reviewer' });
	[batch] = await server.makeBatches(project, { items: ['i1'], members: [ada.user] });
});
afterAll(() => server.remove());

test('S14 a lead reads step by step what was written about an item, and who wrote what stands there', async () => {
	expect(await earlier()).toMatchObject({
		...{ batches: [batch], batch, steps: [], authored: [], untoldUntil: null, keptDays: 30 },
	});
	const region = { tool: 'box', label: 'cat', shape: [1, 2, 3, 4] };
	await write(ada, 'answers', 'draft', { 'i1/v/sentiment': 'negative', 'i1/r/3': region });
	await write(ben, 'answers', 'draft', { 'i1/r/3': { ...region, label: 'dog' } });
	await write(ben, 'answers', 'draft', { 'i1/v/sentiment': undefined });
	const submission = submittedShape.parse({
		...{ item: 'i1', by: ada.user, at, spentMs: 900, schema: 1, guess: 'none', after: [] },
		answer: { values: { sentiment: 'positive' } },
	});
	await write(ada, 'answers', 'submitted', { 'submission-1': submission });
	await write(ben, 'verdicts', 'verdict', {
		[`i1/submission-1/${ben.user}`]: { kind: 'returned', at, note: 'Look again' },
	});
	await write(ada, 'notes', 'note', { 'note-1': { item: 'i1', by: ada.user, at, text: 'Why?' } });

	const page = await earlier();
	const said = page.steps.map(({ user, changes }) => [
		user,
		...changes.map(({ place, before, after }) => [place.kind, before, after]),
	]);
	expect(said).toEqual([
		[ada.user, ['note', null, expect.objectContaining({ text: 'Why?' })]],
		[ben.user, ['verdict', null, { kind: 'returned', at, note: 'Look again' }]],
		[ada.user, ['submission', null, submission]],
		[ben.user, ['value', 'negative', null]],
		[ben.user, ['region', region, { ...region, label: 'dog' }]],
		[ada.user, ['value', null, 'negative'], ['region', null, region]],
	]);
	expect(page.draft).toEqual({
		values: {},
		regions: [{ ...region, label: 'dog', id: '3' }],
		texts: {},
	});
	const now = Date.now();
	for (const step of page.steps) expect(now - Date.parse(step.at)).toBeLessThan(60_000);
	expect(page.authored.map(({ place, by }) => [place.kind, by[0]!.user])).toEqual([
		['region', ben.user],
		['submission', ada.user],
		['verdict', ben.user],
		['note', ada.user],
	]);
	for (const { by } of page.authored) expect(by[0]!.at).not.toBeNull();

	const pages: EarlierPage[] = [await earlier('?limit=2')];
	while (pages.at(-1)!.next !== undefined)
		pages.push(await earlier(`?limit=2&before=${pages.at(-1)!.next!}`));
	expect(pages.map(({ steps }) => steps.length)).toEqual([2, 2, 2]);
	expect(pages.flatMap(({ steps }) => steps)).toEqual(page.steps);
	expect(pages[2]!.draft).toEqual({
		values: { sentiment: 'negative' },
		regions: [{ ...region, label: 'dog', id: '3' }],
		texts: {},
	});
});

test('S14 the steps are the same after compaction, and who wrote what is known when they are gone', async () => {
	const before = await earlier('?limit=200');
	const wire = await join(ada, 'answers');
	for (let index = 0; index < 250; index++)
		wire.edit((document) => document.getMap('draft').set('i1/v/sentiment', `${index}`));
	expect(await wire.barrier('all')).toBe('saved');
	await wire.close();
	await expect.poll(() => server.documents.stats().compactions).toBeGreaterThan(0);
	const pages: EarlierPage[] = [await earlier('?limit=200')];
	while (pages.at(-1)!.next !== undefined)
		pages.push(await earlier(`?limit=200&before=${pages.at(-1)!.next!}`));
	const steps = pages.flatMap((page) => page.steps);
	expect(steps).toHaveLength(before.steps.length + 250);
	const older = steps.filter(({ id }) => before.steps.some((step) => step.id === id));
	expect(older).toEqual(before.steps);
	expect(pages[0]!.authored).toEqual(
		expect.arrayContaining(before.authored.map((entry) => ({ ...entry }))),
	);
});

test('to a labeler, a stranger and for another batch or item there is nothing to read', async () => {
	const stranger = await server.person('Stranger');
	const viewer = await server.person('Vera', { project, role: 'viewer' });
	for (const somebody of [ada, stranger]) {
		const reply = await somebody.call('GET', path());
		expect([reply.status, await codeOf(reply)]).toEqual([404, 'not_found']);
	}
	for (const somebody of [owner, ben, viewer])
		expect((await somebody.call('GET', path())).status).toBe(200);
	expect((await owner.call('GET', path('?batch=another'))).status).toBe(404);
	const items = `/api/projects/${project}/items`;
	expect((await owner.call('GET', `${items}/i3/earlier`)).status).toBe(404);
	expect((await owner.call('GET', `${items}/i2/earlier?batch=${batch}`)).status).toBe(404);
	expect(await owner.json('GET', `${items}/i2/earlier`)).toMatchObject({ batch: null, steps: [] });
	for (const query of ['?before=x', '?before=1.2', '?limit=0', '?limit=201'])
		expect((await owner.call('GET', path(query))).status).toBe(400);
});
