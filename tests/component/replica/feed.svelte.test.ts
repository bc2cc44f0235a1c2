import { expect, onTestFinished, test } from 'vitest';
import { Api } from '#app/net/api.ts';
import { openReplica, type Replica } from '#app/replica/database.ts';
import { startFeed, type Feed, type FeedOptions } from '#app/replica/feed.svelte.ts';
import { answerFetch, json, lines, nobody } from '../net/scripted-fetch.ts';
import { watch } from '../documents/device.svelte.ts';

/** `/live`, scripted. */
class LiveSocket {
	static readonly open = new Set<LiveSocket>();
	onopen: (() => void) | null = null;
	onmessage: ((event: { data: string }) => void) | null = null;
	onclose: ((event: { code: number }) => void) | null = null;

	constructor() {
		LiveSocket.open.add(this);
		onTestFinished(() => void LiveSocket.open.delete(this));
		queueMicrotask(() => this.onopen?.());
	}

	close(): void {
		LiveSocket.open.delete(this);
	}

	static say(hint: unknown): void {
		for (const { onmessage } of this.open) onmessage?.({ data: JSON.stringify(hint) });
	}
}

function open(epoch: string = crypto.randomUUID()): Replica {
	const replica = openReplica(epoch, 'u1');
	onTestFinished(() => replica.close());
	return replica;
}

function start(replica: Replica, options: Partial<FeedOptions> = {}): Feed {
	const feed = startFeed(replica, new Api(), {
		user: 'u1',
		socket: LiveSocket as unknown as typeof WebSocket,
		...options,
	});
	onTestFinished(() => feed.stop());
	return feed;
}

const project = (id: string) => ({ table: 'projects', id, row: { id, name: id } });

test('all pages are read, and a hint fetches what is new', async () => {
	const replica = open();
	const pages = new Map([
		['', lines(project('p1'), { cursor: 'c1', more: true })],
		['c1', lines(project('p2'), { cursor: 'c2', more: false })],
	]);
	const { requests } = answerFetch((url) => {
		const since = url.searchParams.get('since') ?? '';
		const page = pages.get(since);
		pages.delete(since);
		return page ?? lines({ cursor: since, more: false });
	});
	start(replica);
	await expect.poll(() => replica.projects.toCollection().primaryKeys()).toEqual(['p1', 'p2']);
	await expect.poll(() => LiveSocket.open.size).toBe(1);
	pages.set('c2', lines({ table: 'projects', id: 'p1', row: null }, { cursor: 'c3', more: false }));
	LiveSocket.say({ project: 'p1', cursor: 'c3' });
	await expect.poll(() => replica.projects.toCollection().primaryKeys()).toEqual(['p2']);
	expect(requests.every((request) => request.startsWith('GET /api/changes'))).toBe(true);
});

test('a cursor that no longer serves rebuilds the replica, and pages never stand empty', async () => {
	const replica = open();
	await replica.projects.put({ id: 'old' } as never);
	await replica.settings.put({ key: 'changes-cursor', value: 'foreign' });
	const seen: number[] = [];
	answerFetch((url) => {
		const since = url.searchParams.get('since');
		if (since === 'foreign') return lines({ reset: true });
		if (since === null) return lines(project('p1'), { cursor: 'c1', more: true });
		return lines(...(since === 'c1' ? [project('p2')] : []), { cursor: 'c2', more: false });
	});
	const subscription = setInterval(
		() => void replica.projects.count().then((count) => seen.push(count)),
	);
	onTestFinished(() => clearInterval(subscription));
	start(replica);
	await expect.poll(() => replica.projects.toCollection().primaryKeys()).toEqual(['p1', 'p2']);
	expect(seen).not.toContain(0);
});

test('a server that is away is tried again, and what waits elsewhere is told', async () => {
	const replica = open();
	let isUp = false;
	let reached = 0;
	answerFetch(() => (isUp ? lines(project('p1'), { cursor: 'c1', more: false }) : nobody()));
	const feed = start(replica, { onReached: () => reached++ });
	const isReached = watch(() => feed.isReached);
	await expect.poll(() => isReached.current).toBe(false);
	expect(reached).toBe(0);
	isUp = true;
	feed.wake();
	await expect.poll(() => isReached.current).toBe(true);
	expect(reached).toBe(1);
	expect(await replica.projects.count()).toBe(1);
});

test('a session that ended is said, the replica stays, and signing in again goes on', async () => {
	const replica = open();
	await replica.projects.put({ id: 'p1' } as never);
	let isIn = false;
	answerFetch(() =>
		isIn
			? lines({ cursor: 'c1', more: false })
			: json({ error: { code: 'signed_out', message: 'Sign in' } }, 401),
	);
	let told = 0;
	let reached = 0;
	const feed = start(replica, { onSignedOut: () => told++, onReached: () => reached++ });
	await expect.poll(() => told).toBeGreaterThan(0);
	expect(await replica.projects.count()).toBe(1);
	expect(reached).toBe(0);
	isIn = true;
	feed.wake();
	await expect.poll(() => reached).toBe(1);
});

test('of two tabs one asks; both hear of a run', async () => {
	const epoch = crypto.randomUUID();
	const { requests } = answerFetch(() => lines({ cursor: 'c1', more: false }));
	const feeds = [start(open(epoch)), start(open(epoch))];
	await expect.poll(() => LiveSocket.open.size).toBe(1);
	const news = feeds.map((feed) => watch(() => feed.newsOfRun('12')));
	LiveSocket.say({ run: '12', cursor: 'r7' });
	await expect.poll(() => news.map(({ current }) => current)).toEqual(['r7', 'r7']);
	expect(requests.length).toBeGreaterThan(0);
	expect(LiveSocket.open.size).toBe(1);
});
