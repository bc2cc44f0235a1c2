import { expect, test } from 'vitest';
import type { ImportProgress, ImportReport, ItemDetail, ItemPage } from '#shared/api/replies.ts';
import { linesOf, openDataServer, submitted, texts } from './data-server.ts';

const path = '/api/projects/p/import';

test('20,000 lines with three broken ones: the rest comes in, the broken are named', async () => {
	const { fetch, call } = await openDataServer();
	const lines: unknown[] = texts(20_000);
	lines[6] = '{"id": "broken"';
	lines[9_999] = { id: 'x', data: {} };
	lines[19_998] = { id: 'y', data: { text: 'a' }, answer: { values: { mood: 'so-so' } } };
	const response = await fetch('lea', 'POST', path, { body: linesOf(lines) });
	const report = (await response.json()) as ImportReport;
	expect(report).toMatchObject({ lines: 20_000, items: 19_997, refused: 3, known: 0 });
	expect(report.refusals.map(({ line, code }) => [line, code])).toEqual([
		[7, 'bad_json'],
		[10_000, 'bad_shape'],
		[19_999, 'bad_answer'],
	]);
	expect(report.refusals[2]!.reason).toContain('answer.values.mood');
	const { body } = await call<ItemPage>('vera', 'GET', '/api/projects/p/items?limit=1');
	expect(body.total).toBe(19_997);
});

test('sending again is harmless, other data under a known id is refused', async () => {
	const { fetch } = await openDataServer();
	const lines = [
		...texts(3),
		{ id: 'l', data: { text: 'x' }, answer: { values: { mood: 'good' } } },
	];
	const send = async (some: readonly unknown[]) =>
		(await (await fetch('lea', 'POST', path, { body: linesOf(some) })).json()) as ImportReport;
	expect(await send(lines)).toMatchObject({ items: 4, answers: 1, known: 0 });
	expect(await send(lines)).toMatchObject({ items: 0, answers: 0, known: 4, refused: 0 });
	const changed = await send([{ id: 'i1', data: { text: 'other' } }]);
	expect(changed.refusals).toMatchObject([{ line: 1, code: 'item_changed' }]);
});

test('an item without an id is named by its data, a foreign id is hashed and kept as its source', async () => {
	const { fetch, call } = await openDataServer();
	const lines = [
		{ data: { text: 'a' } },
		{ data: { text: 'a' } },
		{ id: 'ü/1', data: { text: 'b' } },
	];
	const response = await fetch('lea', 'POST', path, { body: linesOf(lines) });
	expect(await response.json()).toMatchObject({ items: 2, known: 1 });
	const { body } = await call<ItemPage>('lea', 'GET', '/api/projects/p/items');
	expect(body.items[0]!.id).toMatch(/^[0-9a-f]{32}$/);
	expect(body.items[1]!.meta).toEqual({ sourceId: 'ü/1' });
});

test('an import does not replace a person’s answer unless told to', async () => {
	const { fetch, call, write } = await openDataServer();
	const send = async (mood: string, query = '') => {
		const line = { id: 'i1', data: { text: 'Text number 1' }, answer: { values: { mood } } };
		const response = await fetch('lea', 'POST', path + query, { body: linesOf([line]) });
		return (await response.json()) as ImportReport;
	};
	await fetch('lea', 'POST', path, { body: linesOf(texts(1)) });
	const taken = await call<{ batch: string }>('lars', 'POST', '/api/projects/p/batches/take', {});
	await write(taken.body.batch, 'answers', [
		{ key: 's1', value: submitted('i1', 'good'), user: 'lars' },
	]);
	const answer = async () =>
		(await call<ItemDetail>('lea', 'GET', '/api/projects/p/items/i1')).body.item;
	expect(await send('bad')).toMatchObject({
		answers: 0,
		refusals: [{ line: 1, code: 'answered' }],
	});
	expect(await answer()).toMatchObject({ answer: { values: { mood: 'good' } }, source: 'human' });
	expect(await send('bad', '?replace=1')).toMatchObject({ answers: 1, refused: 0 });
	expect(await answer()).toMatchObject({ answer: { values: { mood: 'bad' } }, source: 'import' });
	expect(await send('bad', '?replace=1')).toMatchObject({ answers: 0, known: 1 });
});

test('an undone import takes its answers back, and its items where nobody answered; sent again it returns', async () => {
	const { fetch, call, write } = await openDataServer();
	const lines = texts(3).map((item) => ({ ...item, answer: { values: { mood: 'bad' } } }));
	const send = async () =>
		(await (await fetch('lea', 'POST', path, { body: linesOf(lines) })).json()) as ImportReport;
	const { id } = await send();
	const fix = await call<{ batch: string }>('rita', 'POST', '/api/projects/p/items/i2/fix');
	await write(fix.body.batch, 'answers', [
		{ key: 's1', value: submitted('i2', 'good'), user: 'rita' },
	]);
	await call('lea', 'POST', `/api/batches/${fix.body.batch}/close`);
	expect(await call('lea', 'POST', `/api/projects/p/imports/${id}/undo`)).toMatchObject({
		status: 200,
		body: { state: 'undone' },
	});
	const states = async () =>
		(await call<ItemPage>('lea', 'GET', '/api/projects/p/items')).body.items.map(
			({ state, answer }) => [state, answer?.values['mood']],
		);
	expect(await states()).toEqual([
		['withdrawn', undefined],
		['labeled', 'good'],
		['withdrawn', undefined],
	]);
	expect(await send()).toMatchObject({ items: 2, answers: 2 });
	expect(await states()).toEqual([
		['labeled', 'bad'],
		['labeled', 'good'],
		['labeled', 'bad'],
	]);
});

test('a line of a gigabyte is refused by its number and held nowhere', async () => {
	const { fetch } = await openDataServer();
	const chunk = Buffer.alloc(4 * 1024 * 1024, 'a');
	let sent = 0;
	const body = new ReadableStream<Uint8Array>({
		pull(controller) {
			if (sent === 256) {
				controller.enqueue(Buffer.from('"}}\n{"id":"b","data":{"text":"after it"}}\n'));
				return controller.close();
			}
			controller.enqueue(sent === 0 ? Buffer.from('{"id":"a","data":{"text":"') : chunk);
			sent += 1;
		},
	});
	const before = process.memoryUsage.rss();
	const response = await fetch('lea', 'POST', path, { body });
	expect(await response.json()).toMatchObject({
		items: 1,
		refused: 1,
		refusals: [{ line: 1, code: 'too_long' }],
	});
	expect(process.memoryUsage.rss() - before).toBeLessThan(400 * 1024 * 1024);
});

test('an import whose connection breaks keeps what was durable and says failed', async () => {
	const { fetch, call, tables } = await openDataServer();
	let sent = 0;
	const body = new ReadableStream<Uint8Array>({
		pull(controller) {
			sent += 1;
			if (sent > 5) return controller.error(new Error('the line was cut'));
			const lines = texts(2000, sent * 10_000).map((item) => JSON.stringify(item));
			controller.enqueue(Buffer.from(`${lines.join('\n')}\n`));
		},
	});
	const response = await fetch('lea', 'POST', path, { body });
	expect(response.status).toBe(400);
	const { body: page } = await call<ItemPage>('lea', 'GET', '/api/projects/p/items?limit=1');
	expect(page.total).toBeGreaterThan(0);
	const id = await call<ItemPage>('lea', 'GET', '/api/projects/p/items?limit=1');
	expect(id.body.items).toHaveLength(1);
	const feed = await tables.changes.read({ user: 'lea', limit: 1000, project: 'p' });
	const rows = feed.kind === 'page' ? feed.lines.filter(({ table }) => table === 'imports') : [];
	expect(rows).toMatchObject([{ row: { state: 'failed' } }]);
});

test('progress=1 tells how far it is, line by line, and then the report', async () => {
	const { fetch } = await openDataServer();
	const response = await fetch('lea', 'POST', `${path}?progress=1`, { body: linesOf(texts(5000)) });
	const told = (await response.text())
		.trim()
		.split('\n')
		.map((line) => JSON.parse(line) as ImportProgress);
	expect(told.length).toBeGreaterThan(2);
	expect(told[0]).toMatchObject({ kind: 'progress' });
	expect(told.at(-1)).toMatchObject({ kind: 'done', report: { items: 5000 } });
});

test('only leads import; an unknown format is named', async () => {
	const { fetch, call } = await openDataServer();
	for (const user of ['rita', 'vera', 'lars'])
		expect((await fetch(user, 'POST', path, { body: linesOf(texts(1)) })).status).toBe(403);
	expect((await fetch('stranger', 'POST', path, { body: linesOf(texts(1)) })).status).toBe(404);
	expect(await call('lea', 'POST', `${path}?format=xls`, {})).toMatchObject({
		status: 415,
		body: { error: { code: 'unsupported_format' } },
	});
});
