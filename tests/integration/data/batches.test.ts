import { expect, test } from 'vitest';
import type {
	HistoryEntry,
	ItemDetail,
	ItemPage,
	Packet,
	ReviewEntry,
} from '#shared/api/replies.ts';
import { standAgain } from '#sync-server/projection/stand-again.ts';
import { linesOf, openDataServer, submitted, texts } from './data-server.ts';

type Server = Awaited<ReturnType<typeof openDataServer>>;
const batchesPath = '/api/projects/p/batches';

async function withTexts(count: number, options: { reviews?: boolean } = {}): Promise<Server> {
	const server = await openDataServer(options);
	await server.fetch('lea', 'POST', '/api/projects/p/import', { body: linesOf(texts(count)) });
	return server;
}
async function take({ call }: Server, user: string, body: object = {}): Promise<string> {
	return (await call<{ batch: string }>(user, 'POST', `${batchesPath}/take`, body)).body.batch;
}
async function packet({ call }: Server, user: string, batch: string): Promise<Packet> {
	return (await call<Packet>(user, 'GET', `/api/batches/${batch}/items`)).body;
}
async function stateOf({ call }: Server, item: string): Promise<string> {
	return (await call<ItemDetail>('lea', 'GET', `/api/projects/p/items/${item}`)).body.item.state;
}

test('two people who take at the same time never get the same item', async () => {
	const server = await withTexts(250);
	const taken = await Promise.all(
		['lars', 'lisa', 'lars', 'lisa', 'rita'].map((user) => take(server, user)),
	);
	expect(new Set(taken).size).toBe(3); // lars and lisa each get their own back
	const items = await Promise.all(
		[...new Set(taken)].map(async (batch) => (await packet(server, 'lea', batch)).items),
	);
	const ids = items.flat().map(({ id }) => id);
	expect(ids).toHaveLength(250);
	expect(new Set(ids).size).toBe(250);
	expect(await server.call('lea', 'POST', `${batchesPath}/take`, {})).toMatchObject({
		status: 409,
		body: { error: { code: 'no_items' } },
	});
});

test('a begun batch is given again while items are left, another one beside those at hand', async () => {
	const server = await withTexts(5);
	const first = await take(server, 'lars', { count: 2 });
	expect(await take(server, 'lars', { count: 2 })).toBe(first);
	const second = await take(server, 'lars', { count: 2, besides: [first] });
	expect(second).not.toBe(first);
	await server.write(first, 'answers', [
		{ key: 'a', value: submitted('i1', 'good'), user: 'lars' },
		{ key: 'b', value: submitted('i2', 'skip'), user: 'lars' },
	]);
	expect(await take(server, 'lars')).toBe(second);
	expect([await stateOf(server, 'i1'), await stateOf(server, 'i2')]).toEqual(['labeled', 'open']);
});

test('a labeler sees their own batches and nothing else, on every address', async () => {
	const server = await withTexts(4);
	const { call, fetch } = server;
	const mine = await take(server, 'lars', { count: 2 });
	const others = await take(server, 'lisa', { count: 2 });
	expect((await packet(server, 'lars', mine)).items[0]).toEqual({
		id: 'i1',
		data: { text: 'Text number 1' },
		heads: [],
	});
	const hidden = [
		['GET', '/api/projects/p/items'],
		['GET', '/api/projects/p/items/i1'],
		['POST', '/api/projects/p/items/i1/withdraw'],
		['POST', '/api/projects/p/items/i1/restore'],
		['POST', '/api/projects/p/items/i1/fix'],
		['GET', '/api/projects/p/review'],
		['GET', '/api/projects/p/export'],
		['GET', '/api/projects/p/imports/x'],
		['POST', '/api/projects/p/imports/x/undo'],
		['GET', `/api/batches/${others}/items`],
		['POST', `/api/batches/${others}/close`],
		['POST', `/api/batches/${others}/reopen`],
	] as const;
	for (const [method, path] of hidden)
		expect([path, (await fetch('lars', method, path)).status]).toEqual([path, 404]);
	expect((await call('lars', 'PATCH', `/api/batches/${others}`, { name: 'x' })).status).toBe(404);
	// Their own they may not lead.
	expect((await call('lars', 'POST', `/api/batches/${mine}/close`)).status).toBe(403);
	for (const [method, path] of hidden)
		expect([path, (await fetch('stranger', method, path)).status]).toEqual([path, 404]);
});

test('a blind round makes a batch for each person, and brings no heads along', async () => {
	const server = await withTexts(4);
	const { call, write, changedRights } = server;
	const made = await call<{ batches: string[] }>('lea', 'POST', batchesPath, {
		purpose: 'label',
		choose: { by: 'oldest', count: 4 },
		members: ['lars', 'lisa'],
		overlap: 2,
		blind: true,
		name: 'Round',
	});
	const [first, second] = made.body.batches as [string, string];
	expect(changedRights).toEqual([first, second]);
	expect(await server.tables.batches.find(first)).toMatchObject({ members: ['lars'], size: 4 });
	expect(await server.tables.batches.find(second)).toMatchObject({ members: ['lisa'], size: 4 });
	await write(first, 'answers', [{ key: 'a', value: submitted('i1', 'good'), user: 'lars' }]);
	// Whatever a client claims to have seen: in a blind round answers stand beside each other.
	await write(second, 'answers', [
		{ key: 'b', value: submitted('i1', 'bad', ['a']), user: 'lisa' },
		{ key: 'c', value: submitted('i2', 'bad'), user: 'lisa' },
	]);
	expect([await stateOf(server, 'i1'), await stateOf(server, 'i2')]).toEqual(['settle', 'labeled']);
	const review = await call<{ entries: ReviewEntry[]; total: number }>(
		'rita',
		'GET',
		'/api/projects/p/review?state=settle',
	);
	expect(review.body.total).toBe(1);
	expect(review.body.entries[0]!.heads.map(({ by }: HistoryEntry) => by).sort()).toEqual([
		'lars',
		'lisa',
	]);
	expect((await packet(server, 'lisa', second)).items[0]).toMatchObject({ heads: [] });
	const alone = await call('lea', 'POST', batchesPath, {
		purpose: 'label',
		choose: { by: 'oldest', count: 4 },
		members: ['lars'],
		overlap: 2,
		blind: true,
	});
	expect(alone).toMatchObject({ status: 400, body: { error: { code: 'bad_request' } } });
});

test('S11 what comes after the close is late and counts once the batch is opened again', async () => {
	const server = await withTexts(2);
	const { call, write } = server;
	const batch = await take(server, 'lars');
	const before = '2026-01-05T00:00:00.000Z';
	expect((await call('lea', 'POST', `/api/batches/${batch}/close`)).status).toBe(204);
	// Received before the close, projected after it: in time.
	await write(
		batch,
		'answers',
		[{ key: 'a', value: submitted('i1', 'good'), user: 'lars' }],
		before,
	);
	await write(batch, 'answers', [{ key: 'b', value: submitted('i2', 'good'), user: 'lars' }]);
	expect([await stateOf(server, 'i1'), await stateOf(server, 'i2')]).toEqual(['labeled', 'pool']);
	expect((await call('lea', 'POST', `/api/batches/${batch}/reopen`)).status).toBe(204);
	expect(await stateOf(server, 'i2')).toBe('labeled');
	const { body } = await call<ItemDetail>('lea', 'GET', '/api/projects/p/items/i2');
	expect(body.history).toMatchObject([{ submission: 'b', isLate: false, isHead: true }]);
});

test('a submission waits, is returned, is corrected and accepted; nobody verdicts in another name', async () => {
	const server = await withTexts(1, { reviews: true });
	const { call, write, passed } = server;
	const batch = await take(server, 'lars');
	await write(batch, 'answers', [{ key: 'a', value: submitted('i1', 'bad'), user: 'lars' }]);
	expect(await stateOf(server, 'i1')).toBe('waiting');
	const verdict = (kind: string, at: string) => ({ kind, at: `2026-02-02T00:00:0${at}.000Z` });
	await write(batch, 'verdicts', [
		{ key: 'i1/a/rita', value: verdict('returned', '1'), user: 'rita' },
		{ key: 'i1/a/lea', value: verdict('accepted', '2'), user: 'rita' },
		{ key: 'i1/a/rita/x', value: verdict('accepted', '2'), user: 'rita' },
	]);
	expect(await stateOf(server, 'i1')).toBe('returned');
	expect(passed.map(({ key }) => key)).toEqual(['i1/a/lea', 'i1/a/rita/x']);
	await write(batch, 'answers', [
		{ key: 'b', value: submitted('i1', 'good', ['a']), user: 'lars' },
	]);
	expect(await stateOf(server, 'i1')).toBe('waiting');
	await write(batch, 'verdicts', [
		{ key: 'i1/b/rita', value: verdict('accepted', '3'), user: 'rita' },
	]);
	const { body } = await call<ItemDetail>('vera', 'GET', '/api/projects/p/items/i1');
	expect(body.item).toMatchObject({
		state: 'labeled',
		answer: { values: { mood: 'good' } },
		by: ['lars'],
	});
	expect(body.history.map(({ submission, isHead }) => [submission, isHead])).toEqual([
		['b', true],
		['a', false],
	]);
});

test('whether answers are reviewed can be changed: all items stand anew', async () => {
	const server = await withTexts(2);
	const batch = await take(server, 'lars');
	await server.write(batch, 'answers', [
		{ key: 'a', value: submitted('i1', 'good'), user: 'lars' },
	]);
	const states = [];
	for (const reviews of [true, false]) {
		await server.tables.projects.update({ project: 'p', reviews });
		await standAgain(server.tables, 'p');
		states.push(await stateOf(server, 'i1'));
	}
	expect(states).toEqual(['waiting', 'labeled']);
});

test('a verdict that is projected before its submission counts when the submission comes', async () => {
	const server = await withTexts(1, { reviews: true });
	const batch = await take(server, 'lars');
	const value = { kind: 'accepted', at: '2026-02-02T00:00:00.000Z' };
	await server.write(batch, 'verdicts', [{ key: 'i1/a/rita', value, user: 'rita' }]);
	await server.write(batch, 'answers', [
		{ key: 'a', value: submitted('i1', 'good'), user: 'lars' },
	]);
	expect(await stateOf(server, 'i1')).toBe('labeled');
});

test('entries that are not what they should be are passed over and hurt no other', async () => {
	const server = await withTexts(2);
	const batch = await take(server, 'lars', { count: 1 });
	const wrong = submitted('i1', 'good');
	await server.write(batch, 'answers', [
		{ key: 'x1', value: { nonsense: true }, user: 'lars' },
		{ key: 'x2', value: submitted('i2', 'good'), user: 'lars' }, // an item of no batch
		{ key: 'x3', value: { ...wrong, schema: 9 }, user: 'lars' },
		{
			key: 'x4',
			value: { ...wrong, answer: { values: { mood: 'fine' }, regions: [], texts: {} } },
			user: 'lars',
		},
		{ key: 'not an id', value: wrong, user: 'lars' },
		{ key: 'ok', value: wrong, user: 'lars' },
	]);
	expect(server.passed.map(({ key }) => key).sort()).toEqual(['not an id', 'x1', 'x2', 'x3', 'x4']);
	const { body } = await server.call<ItemDetail>('lea', 'GET', '/api/projects/p/items/i1');
	// Who wrote it is what the log says, never the field.
	expect(body.history).toMatchObject([{ submission: 'ok', by: 'lars' }]);
	expect(await stateOf(server, 'i2')).toBe('pool');
});

test('projecting again, or the same id with other content, changes nothing', async () => {
	const server = await withTexts(1);
	const batch = await take(server, 'lars');
	const entry = { key: 'a', value: submitted('i1', 'good'), user: 'lars' };
	await server.write(batch, 'answers', [entry]);
	await server.write(batch, 'answers', [entry, { ...entry, value: submitted('i1', 'bad') }]);
	const { body } = await server.call<ItemDetail>('lea', 'GET', '/api/projects/p/items/i1');
	expect(body.history).toHaveLength(1);
	expect(body.item.answer).toMatchObject({ values: { mood: 'good' } });
});

test('fixing an item gives a batch of one with its answer, once until it is used', async () => {
	const server = await withTexts(1);
	const { call, write } = server;
	const batch = await take(server, 'lars');
	await write(batch, 'answers', [{ key: 'a', value: submitted('i1', 'bad'), user: 'lars' }]);
	const fix = () => call<{ batch: string }>('rita', 'POST', '/api/projects/p/items/i1/fix');
	const first = (await fix()).body.batch;
	expect((await fix()).body.batch).toBe(first);
	expect((await packet(server, 'rita', first)).items).toMatchObject([
		{ id: 'i1', heads: ['a'], current: { values: { mood: 'bad' } } },
	]);
	await write(first, 'answers', [
		{ key: 'b', value: submitted('i1', 'good', ['a']), user: 'rita' },
	]);
	const { body } = await call<ItemDetail>('lea', 'GET', '/api/projects/p/items/i1');
	expect(body.item).toMatchObject({ answer: { values: { mood: 'good' } }, by: ['rita'] });
	expect((await fix()).body.batch).not.toBe(first);
	expect((await call('vera', 'POST', '/api/projects/p/items/i1/fix')).status).toBe(403);
});

test('a withdrawn item leaves pool and packets, and comes back as it was', async () => {
	const server = await withTexts(3);
	const { call, write } = server;
	const batch = await take(server, 'lars', { count: 2 });
	await write(batch, 'answers', [{ key: 'a', value: submitted('i1', 'bad'), user: 'lars' }]);
	const withdrawn = await call<ItemDetail>('lea', 'POST', '/api/projects/p/items/i1/withdraw');
	expect(withdrawn.body.item.state).toBe('withdrawn');
	expect(withdrawn.body.item.answer).toBeUndefined();
	expect((await packet(server, 'lars', batch)).items.map(({ id }) => id)).toEqual(['i2']);
	await call('lea', 'POST', '/api/projects/p/items/i3/withdraw');
	expect((await call('lisa', 'POST', `${batchesPath}/take`, {})).status).toBe(409);
	await call('lea', 'POST', '/api/projects/p/items/i1/restore');
	expect(await stateOf(server, 'i1')).toBe('labeled');
	expect((await call('rita', 'POST', '/api/projects/p/items/i1/withdraw')).status).toBe(403);
});

test('batches by filter, by name and at random are of the size asked for', async () => {
	const server = await withTexts(30);
	const { call } = server;
	const make = (body: object) =>
		call<{ batches: string[] }>('lea', 'POST', batchesPath, {
			purpose: 'label',
			members: ['lars'],
			...body,
		});
	const filtered = await make({ choose: { by: 'filter', count: 50, filter: { q: 'NUMBER 1' } } });
	const ids = (await packet(server, 'lea', filtered.body.batches[0]!)).items.map(({ id }) => id);
	expect(ids).toEqual(['i1', ...Array.from({ length: 10 }, (_, n) => `i${n + 10}`)]);
	const random = await make({ choose: { by: 'random', count: 10, seed: 7 }, size: 4 });
	expect(random.body.batches).toHaveLength(3);
	// Items in open batches are left out, unless overlap is asked for.
	expect((await make({ choose: { by: 'oldest', count: 99 } })).body.batches).toHaveLength(1);
	expect((await make({ choose: { by: 'oldest', count: 99 } })).status).toBe(409);
	expect(await make({ items: ['nope'] })).toMatchObject({ status: 400 });
	expect(await make({ items: ['i1'], members: ['stranger'] })).toMatchObject({ status: 400 });
	const { body } = await call<ItemPage>('lea', 'GET', '/api/projects/p/items?state=open');
	expect(body.total).toBe(30);
});

test('members of a batch change, and rights are told', async () => {
	const server = await withTexts(2);
	const { call, fetch, changedRights } = server;
	const batch = await take(server, 'lars');
	changedRights.length = 0;
	const path = `/api/batches/${batch}`;
	expect((await call('lea', 'PATCH', path, { members: ['lisa'], name: 'For Lisa' })).status).toBe(
		204,
	);
	expect(changedRights).toEqual([batch]);
	expect((await fetch('lars', 'GET', `${path}/items`)).status).toBe(404);
	expect((await fetch('lisa', 'GET', `${path}/items`)).status).toBe(200);
});
