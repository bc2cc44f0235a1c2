import { expect, test } from 'vitest';
import type { ItemDetail, LateEntry } from '#shared/api/replies.ts';
import { linesOf, openDataServer, submitted, texts } from './data-server.ts';

interface LatePage {
	readonly late: LateEntry[];
	readonly next?: string;
	readonly total: number;
}
const latePath = '/api/projects/p/late';

/** A batch of three items that lars took, closed by a lead before he could send `a`, `b` and `c`. */
async function withLate(options: { reviews?: boolean } = {}) {
	const server = await openDataServer(options);
	await server.fetch('lea', 'POST', '/api/projects/p/import', { body: linesOf(texts(3)) });
	const taken = await server.call<{ batch: string }>(
		'lars',
		'POST',
		'/api/projects/p/batches/take',
		{},
	);
	const { batch } = taken.body;
	await server.call('lea', 'POST', `/api/batches/${batch}/close`);
	await server.write(batch, 'answers', [
		{ key: 'a', value: submitted('i1', 'good'), user: 'lars' },
		{ key: 'b', value: submitted('i2', 'bad'), user: 'lars' },
		{ key: 'c', value: submitted('i3', 'skip'), user: 'lars' },
	]);
	const list = async (query = '') =>
		(await server.call<LatePage>('lea', 'GET', latePath + query)).body;
	const decide = (submission: string, body: object, user = 'lea') =>
		server.call(user, 'POST', `${latePath}/${submission}`, body);
	const item = async (id: string) =>
		(await server.call<ItemDetail>('lea', 'GET', `/api/projects/p/items/${id}`)).body;
	return { ...server, batch, list, decide, item };
}

test('S11 a lead sees what came late, and nothing of it counts before they decide', async () => {
	const { list, item, batch } = await withLate();
	const { late, total } = await list();
	expect(total).toBe(3);
	expect(late.map(({ submission, by, setAside }) => [submission, by, setAside])).toEqual([
		['a', 'lars', null],
		['b', 'lars', null],
		['c', 'lars', null],
	]);
	expect(late[0]).toMatchObject({
		batch,
		item: { id: 'i1', data: { text: 'Text number 1' }, state: 'pool' },
		answer: { values: { mood: 'good' } },
	});
	expect(late[2]!.answer).toBeNull();
	expect((await item('i1')).item.state).toBe('pool');
});

test('S11 what is taken in counts, what is set aside stays with its reason and can still be taken in', async () => {
	const { list, decide, item, batch, call } = await withLate();
	expect((await decide('a', { take: true })).status).toBe(204);
	expect((await item('i1')).item).toMatchObject({ state: 'labeled', by: ['lars'] });
	expect((await decide('b', { take: false, reason: 'Measured anew since' })).status).toBe(204);
	expect((await item('i2')).item.state).toBe('pool');
	expect((await list(`?batch=${batch}`)).late).toMatchObject([
		{ submission: 'b', setAside: { by: 'lea', reason: 'Measured anew since' } },
		{ submission: 'c', setAside: null },
	]);
	// Opening the batch again takes in what nobody decided on, and not what was set aside.
	await call('lea', 'POST', `/api/batches/${batch}/reopen`);
	expect((await list()).late.map(({ submission }) => submission)).toEqual(['b']);
	expect((await decide('b', { take: true })).status).toBe(204);
	expect((await item('i2')).item).toMatchObject({ state: 'labeled' });
	expect((await list()).total).toBe(0);
});

test('S11 a late answer beside another one leaves the item to settle', async () => {
	const { decide, item, call, write } = await withLate();
	const { body } = await call<{ batch: string }>(
		'lisa',
		'POST',
		'/api/projects/p/batches/take',
		{},
	);
	await write(body.batch, 'answers', [{ key: 'd', value: submitted('i1', 'bad'), user: 'lisa' }]);
	expect((await item('i1')).item).toMatchObject({ state: 'labeled', by: ['lisa'] });
	await decide('a', { take: true });
	expect((await item('i1')).item.state).toBe('settle');
});

test('S11 deciding again is harmless; what counts is not set aside any more', async () => {
	const { decide } = await withLate();
	await decide('a', { take: true });
	expect((await decide('a', { take: true })).status).toBe(204);
	expect(await decide('a', { take: false })).toMatchObject({
		status: 409,
		body: { error: { code: 'conflict' } },
	});
	await decide('b', { take: false, reason: 'one' });
	expect((await decide('b', { take: false, reason: 'two' })).status).toBe(204);
	expect((await decide('nothing', { take: true })).status).toBe(404);
	expect((await decide('b', { take: 'yes' })).status).toBe(400);
});

test('S11 the list goes on page by page', async () => {
	const { list } = await withLate();
	const first = await list('?limit=2');
	expect([first.late.length, first.total]).toEqual([2, 3]);
	const rest = await list(`?limit=2&after=${encodeURIComponent(first.next!)}`);
	expect(rest.late.map(({ submission }) => submission)).toEqual(['c']);
	expect(rest.next).toBeUndefined();
});

test('only who leads decides; to a labeler the address does not exist', async () => {
	const { call, decide } = await withLate();
	for (const [user, status] of [
		['lars', 404],
		['stranger', 404],
		['rita', 403],
		['vera', 403],
	] as const) {
		expect([user, (await call(user, 'GET', latePath)).status]).toEqual([user, status]);
		expect([user, (await decide('a', { take: true }, user)).status]).toEqual([user, status]);
	}
});
