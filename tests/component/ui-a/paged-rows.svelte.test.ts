import { expect, test } from 'vitest';
import { PagedRows, type Page } from '#app/model/paged-rows.svelte.ts';

/** A list of numbers on a server that can be cut off and that may change. */
function numbers(count: number, pageSize: number) {
	const asked: (string | undefined)[] = [];
	const server = { isUp: true, offset: 0, count };
	const list = new PagedRows<number>((after): Promise<Page<number>> => {
		asked.push(after);
		if (!server.isUp) return Promise.reject(new Error('The server cannot be reached'));
		const from = Number(after ?? 0);
		const to = Math.min(server.count, from + pageSize);
		const rows = Array.from({ length: to - from }, (_, index) => from + index + server.offset);
		const next = to < server.count ? { next: String(to) } : {};
		return Promise.resolve({ rows, total: server.count, ...next });
	});
	return { list, server, asked };
}

test('reads as far as somebody looks and no further, each page once', async () => {
	const { list, asked } = numbers(1000, 100);
	list.reach(150);
	list.reach(180);
	await expect.poll(() => list.rows.length).toBe(200);
	expect(list.total).toBe(1000);
	expect(list.isWhole).toBe(false);
	expect(asked).toEqual([undefined, '100']);
});

test('the end is reached in one go, every row once', async () => {
	const { list } = numbers(1000, 300);
	list.reach(5000);
	await expect.poll(() => list.isWhole).toBe(true);
	expect(list.rows).toEqual(Array.from({ length: 1000 }, (_, index) => index));
});

test('a page that does not come leaves what is there; asking again goes on from there', async () => {
	const { list, server } = numbers(300, 100);
	list.reach(100);
	await expect.poll(() => list.rows.length).toBe(100);
	server.isUp = false;
	list.reach(200);
	await expect.poll(() => list.failure).toBeInstanceOf(Error);
	expect(list.rows).toHaveLength(100);
	server.isUp = true;
	list.reach(200);
	await expect.poll(() => list.rows.length).toBe(200);
	expect(list.failure).toBeUndefined();
});

test('reading again touches the pages on screen only', async () => {
	const { list, server, asked } = numbers(500, 100);
	list.reach(500);
	await expect.poll(() => list.isWhole).toBe(true);
	asked.length = 0;
	server.offset = 1000;
	await list.refresh(120, 180);
	expect(asked).toEqual(['100']);
	expect([list.rows[99], list.rows[100], list.rows[199], list.rows[200]]).toEqual([
		99, 1100, 1199, 200,
	]);
});

test('what is asked for while a page is read waits its turn', async () => {
	const { list, server, asked } = numbers(500, 100);
	list.reach(100);
	await expect.poll(() => list.rows.length).toBe(100);
	server.offset = 1000;
	list.reach(200);
	void list.refresh(0, 10);
	await list.refresh(10, 20); // what is on screen now: read once
	expect(asked).toEqual([undefined, '100', undefined]);
	expect([list.rows[0], list.rows[100]]).toEqual([1000, 1100]);
});

test('a list that shrank is read again from its top, as far as somebody looked', async () => {
	const { list, server, asked } = numbers(500, 100);
	list.reach(200);
	await expect.poll(() => list.rows.length).toBe(200);
	asked.length = 0;
	server.count = 250;
	list.reload();
	list.reload();
	list.reach(201);
	await expect.poll(() => list.isWhole).toBe(true);
	expect(list.rows).toHaveLength(250);
	expect(list.total).toBe(250);
	expect(asked).toEqual([undefined, '100', '200']);
});

test('a list that was left shows no error and reads no more', async () => {
	const { list, asked } = numbers(1000, 100);
	list.reach(1000);
	list.stop();
	await expect.poll(() => asked.length).toBe(1);
	expect(list.rows).toHaveLength(0);
	expect(list.failure).toBeUndefined();
});
