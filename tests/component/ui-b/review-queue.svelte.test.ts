import { expect, onTestFinished, test } from 'vitest';
import { ReviewQueue, type ReviewFilter } from '#app/model/review-queue.svelte.ts';
import { Api } from '#app/net/api.ts';
import { newEpoch, openTab, watch, type Tab } from '../documents/device.svelte.ts';
import { answerFetch, json, nobody } from '../net/scripted-fetch.ts';
import { entry } from './review-entry.ts';

function openQueue(tab: Tab, filter: ReviewFilter = { state: 'waiting' }) {
	const queue = new ReviewQueue({
		api: new Api(),
		replica: tab.replica,
		project: 'reviews',
		filter,
	});
	onTestFinished(() => queue.stop());
	const seen = watch(() => ({
		ids: queue.rows.map(({ item }) => item.id),
		total: queue.total,
		isLoaded: queue.isLoaded,
		isWhole: queue.isWhole,
		isFromDevice: queue.isFromDevice,
		failure: (queue.failure as Error | undefined)?.message,
	}));
	return { queue, seen };
}

/** A server with this many entries, in pages of the size that is asked for. */
function serveEntries(count: () => number) {
	return answerFetch((url) => {
		const after = Number(url.searchParams.get('after') ?? 0);
		const limit = Number(url.searchParams.get('limit'));
		const ids = Array.from({ length: count() }, (_, n) => `r${n}`).slice(after, after + limit);
		const next = after + limit < count() ? { next: String(after + limit) } : {};
		return json({ entries: ids.map((id) => entry(id)), total: count(), ...next });
	});
}

test('reads one page, and further when somebody looks further', async () => {
	const { requests } = serveEntries(() => 450);
	const { queue, seen } = openQueue(openTab(newEpoch()), { state: 'settle', batch: 'b1' });
	queue.reload();
	await expect.poll(() => seen.current).toMatchObject({ total: 450, isWhole: false });
	expect(seen.current.ids).toHaveLength(200);
	queue.more();
	queue.more(); // while it reads: asked once
	await expect.poll(() => seen.current.ids.length).toBe(400);
	queue.more();
	await expect.poll(() => seen.current).toMatchObject({ isWhole: true, isLoaded: true });
	expect(seen.current.ids).toHaveLength(450);
	expect(requests[0]).toBe('GET /api/projects/reviews/review?state=settle&limit=200&batch=b1');
});

test('who looks further as soon as a page is there, before it is kept on the device, reads further', async () => {
	serveEntries(() => 450);
	const { queue, seen } = openQueue(openTab(newEpoch()));
	// As the page does where too little of what was read is of the person looked for.
	watch(() => queue.isLoaded && queue.rows.length < 450 && queue.more());
	queue.reload();
	await expect.poll(() => seen.current.ids.length).toBe(450);
});

test('a list that shrank is read again from its top', async () => {
	let count = 3;
	serveEntries(() => count);
	const { queue, seen } = openQueue(openTab(newEpoch()));
	queue.reload();
	await expect.poll(() => seen.current.ids).toEqual(['r0', 'r1', 'r2']);
	count = 1;
	queue.reload();
	await expect.poll(() => seen.current).toMatchObject({ ids: ['r0'], total: 1 });
});

test('without a network it shows what was seen last, and says how much of it that is', async () => {
	const epoch = newEpoch();
	let isUp = true;
	answerFetch(() => (isUp ? json({ entries: [entry('r1')], total: 1 }) : nobody()));
	const first = openTab(epoch);
	const online = openQueue(first);
	online.queue.reload();
	await expect.poll(() => online.seen.current.isLoaded).toBe(true);
	await expect.poll(() => first.replica.settings.count()).toBe(1);
	isUp = false;

	const { queue, seen } = openQueue(openTab(epoch));
	queue.reload();
	await expect
		.poll(() => seen.current)
		.toMatchObject({
			ids: ['r1'],
			total: 1,
			isFromDevice: true,
		});
	isUp = true;
	queue.reload();
	await expect.poll(() => seen.current).toMatchObject({ ids: ['r1'], isFromDevice: false });
});

test('what the server refuses is told in its words', async () => {
	answerFetch(() =>
		json({ error: { code: 'not_found', message: 'There is no project here.' } }, 404),
	);
	const { queue, seen } = openQueue(openTab(newEpoch()));
	queue.reload();
	await expect.poll(() => seen.current.failure).toBe('There is no project here.');
	expect(seen.current.isLoaded).toBe(false);
});
