import { expect, onTestFinished, test } from 'vitest';
import {
	dropBatch,
	isKept,
	keepBatch,
	keptSizeBytes,
	loadPacket,
	type KeepProgress,
} from '#app/media/keep-batch.ts';
import { loadMedia, mediaUrl } from '#app/media/media-cache.ts';
import { Api, Offline } from '#app/net/api.ts';
import { openReplica, type Replica } from '#app/replica/database.ts';
import { answerFetch, json, nobody } from './scripted-fetch.ts';

function open(): Replica {
	const replica = openReplica(crypto.randomUUID(), 'u1');
	onTestFinished(async () => {
		replica.close();
		await caches.delete(`media-${replica.name}`);
	});
	return replica;
}

const bytes = (n: number) => new Uint8Array(n).fill(n);
const hash = (n: number) => `${n}`.padStart(64, '0');

/** A batch with two media, and another that shares one of them. */
function packetOf(batch: string) {
	const media = (batch === 'b1' ? [1, 2] : [2, 3]).map((n) => ({
		sha256: hash(n),
		sizeBytes: n * 100,
		type: 'image/png',
	}));
	return { batch, project: 'p1', schemaVersion: 1, items: [], media };
}

function serve(isUp: (path: string) => boolean) {
	return answerFetch((url) => {
		if (!isUp(url.pathname)) return nobody();
		const batch = /^\/api\/batches\/(\w+)\/items$/.exec(url.pathname)?.[1];
		if (batch) return json(packetOf(batch));
		const n = Number(url.pathname.slice(-64));
		return new Response(bytes(n * 100), {
			headers: { 'content-type': 'application/octet-stream' },
		});
	});
}

test('a kept batch is here without a network, with its media', async () => {
	let isUp = true;
	serve(() => isUp);
	const replica = open();
	const progress: KeepProgress[] = [];
	await keepBatch(replica, new Api(), 'b1', { onProgress: (now) => progress.push(now) });
	expect(progress.at(0)).toEqual({ done: 0, total: 2, doneBytes: 0, totalBytes: 300 });
	expect(progress.at(-1)).toEqual({ done: 2, total: 2, doneBytes: 300, totalBytes: 300 });
	expect(await isKept(replica, 'b1')).toBe(true);

	isUp = false;
	expect((await loadPacket(replica, new Api(), 'b1')).media).toHaveLength(2);
	const url = await loadMedia('p1', hash(2));
	expect(url).toMatch(/^blob:/);
	isUp = true;
	expect(await loadMedia('p1', hash(2))).toBe(url);
	await expect(loadPacket(replica, new Api(), 'b2')).resolves.toMatchObject({ batch: 'b2' });
	isUp = false;
	await expect(loadMedia('p1', hash(9))).rejects.toBeInstanceOf(Offline);
});

test('keeping goes on where it stopped, and fetches nothing twice', async () => {
	const replica = open();
	serve((path) => !path.endsWith(hash(2)));
	await expect(keepBatch(replica, new Api(), 'b1')).rejects.toBeInstanceOf(Offline);
	expect(await isKept(replica, 'b1')).toBe(false);
	await expect.poll(() => keptSizeBytes(replica)).toBe(100);

	const { requests } = serve(() => true);
	await keepBatch(replica, new Api(), 'b1');
	expect(await isKept(replica, 'b1')).toBe(true);
	expect(requests.filter((request) => request.includes('/blobs/'))).toEqual([
		`GET ${mediaUrl('p1', hash(2))}`,
	]);
});

test('dropping a batch frees what no other kept batch needs', async () => {
	serve(() => true);
	const replica = open();
	for (const batch of ['b1', 'b2']) await keepBatch(replica, new Api(), batch);
	expect(await keptSizeBytes(replica)).toBe(600);
	await dropBatch(replica, 'b1');
	expect(await isKept(replica, 'b1')).toBe(false);
	expect(await keptSizeBytes(replica)).toBe(500);
	const cache = await caches.open(`media-${replica.name}`);
	const kept = await Promise.all([1, 2, 3].map((n) => cache.match(mediaUrl('p1', hash(n)))));
	expect(kept.map((response) => response !== undefined)).toEqual([false, true, true]);
});
