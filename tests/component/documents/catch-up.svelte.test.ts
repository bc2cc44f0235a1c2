import { expect, test } from 'vitest';
import * as Y from 'yjs';
import type { CatchUpAsk } from '#shared/wire/catch-up.ts';
import { ApiError, Offline } from '#app/net/api.ts';
import { connect, newEpoch, openTab, totalsOf, watch, type Tab } from './device.svelte.ts';
import { PeerServer } from './peer-server.ts';

const nameOf = (n: number) => `reviews/b${n}/answers`;
const names = (count: number) => Array.from({ length: count }, (_, n) => nameOf(n));

/** Writes into a document that no page shows; resolves when it is on the device. */
async function write(tab: Tab, name: string, key: string, value: unknown): Promise<void> {
	const handle = tab.documents.acquire(name);
	handle.transact((doc) => doc.getMap('draft').set(key, value));
	await tab.documents.find(name)!.log.whenWritten();
	handle.release();
}

const rowOf = async (tab: Tab, name: string) => (await tab.replica.documents.get(name))!;
const draftOn = (doc: Y.Doc) => doc.getMap('draft').toJSON();

async function draftHere(tab: Tab, name: string) {
	const rows = await tab.replica.updates
		.where('[document+seq]')
		.between([name, 0], [name, Infinity])
		.toArray();
	const doc = new Y.Doc();
	for (const { data } of rows) Y.applyUpdate(doc, data);
	expect(doc.store.pendingStructs).toBeNull();
	return draftOn(doc);
}

const batchesOf = (server: PeerServer) =>
	server.requests.filter(({ path }) => path.endsWith('/batch'));

test('250 documents that nobody shows are sent with three requests and no socket; the badge is true all along', async () => {
	const server = new PeerServer();
	server.holdsBarriers = true;
	const tab = openTab(newEpoch());
	const totals = watch(() => totalsOf(tab.documents.saved));
	await Promise.all(names(250).map((name, n) => write(tab, name, 'i1/v/t', n)));
	await expect.poll(() => totals.current).toMatchObject({ onDevice: 250, onServer: false });
	connect(tab, server);
	for (const left of [150, 50, 0]) {
		await expect.poll(() => server.heldBarriers).toBe(1);
		expect(totals.current).toMatchObject({ onDevice: left + (left === 0 ? 50 : 100) });
		server.confirm();
		await expect.poll(() => totals.current).toMatchObject({ onDevice: left });
	}
	expect(totals.current).toMatchObject({ onDevice: 0, onServer: true });
	expect(batchesOf(server).map((request) => request.names.length)).toEqual([100, 100, 50]);
	expect(server.attempts).toBe(0);
	for (const [n, name] of names(250).entries())
		expect(draftOn(server.doc(name))).toEqual({ 'i1/v/t': n });
});

test('acknowledged is what was sent, and not what was written while the answer was on its way', async () => {
	const server = new PeerServer();
	server.holdsBarriers = true;
	const tab = openTab(newEpoch());
	await write(tab, nameOf(1), 'i1/v/t', 'first');
	connect(tab, server);
	await expect.poll(() => server.heldBarriers).toBe(1);
	await write(tab, nameOf(1), 'i2/v/t', 'second');
	server.confirm();
	await expect.poll(() => server.heldBarriers).toBe(1);
	expect(await rowOf(tab, nameOf(1))).toMatchObject({ localHead: 2, acked: 1, isDirty: 1 });
	server.confirm();
	await expect.poll(() => rowOf(tab, nameOf(1))).toMatchObject({ acked: 2, isDirty: 0 });
	expect(draftOn(server.doc(nameOf(1)))).toEqual({ 'i1/v/t': 'first', 'i2/v/t': 'second' });
});

test('an answer that got lost is asked for again, and what the server has is not sent twice over', async () => {
	const server = new PeerServer();
	const tab = openTab(newEpoch());
	await write(tab, nameOf(1), 'i1/v/t', 'a');
	const asks: CatchUpAsk[] = [];
	let losses = 2;
	const { fetch } = server.api;
	const api = {
		async fetch(path: string, init: RequestInit = {}) {
			const response = await fetch(path, init);
			if (path.endsWith('/batch') && losses-- > 0) throw new Offline();
			return response;
		},
	};
	server.onBatch = (ask) => {
		if (ask.update.length > 0) asks.push(ask);
		return undefined;
	};
	connect(tab, server, { api });
	await expect.poll(() => rowOf(tab, nameOf(1))).toMatchObject({ acked: 1, isDirty: 0 });
	await write(tab, nameOf(1), 'i2/v/t', 'b');
	await expect.poll(() => rowOf(tab, nameOf(1))).toMatchObject({ acked: 2, isDirty: 0 });
	const structs = asks.map(({ update }) => Y.decodeUpdate(update).structs.length);
	expect(structs).toEqual([1, 1, 1, 1]);
	expect(draftOn(server.doc(nameOf(1)))).toEqual({ 'i1/v/t': 'a', 'i2/v/t': 'b' });
});

test('a tab that goes before the answer was stored leaves it unsent: the next one sends it again', async () => {
	const epoch = newEpoch();
	const server = new PeerServer();
	server.holdsBarriers = true;
	const before = openTab(epoch);
	await write(before, nameOf(1), 'i1/v/t', 'a');
	const sync = connect(before, server);
	await expect.poll(() => server.heldBarriers).toBe(1);
	expect(draftOn(server.doc(nameOf(1)))).toEqual({ 'i1/v/t': 'a' });
	sync.stop();
	server.holdsBarriers = false;
	server.confirm();
	await before.close();

	const after = openTab(epoch);
	expect(await rowOf(after, nameOf(1))).toMatchObject({ acked: 0, isDirty: 1 });
	connect(after, server);
	await expect.poll(() => rowOf(after, nameOf(1))).toMatchObject({ acked: 1, isDirty: 0 });
	expect(draftOn(server.doc(nameOf(1)))).toEqual({ 'i1/v/t': 'a' });
});

test('what changed on the server meanwhile arrives in documents of this device, in every tab', async () => {
	const epoch = newEpoch();
	const server = new PeerServer();
	const [tab, other] = [openTab(epoch), openTab(epoch)];
	for (const n of [1, 2]) await write(tab, nameOf(n), 'i1/v/t', 'mine');
	connect(tab, server);
	await expect
		.poll(async () => (await tab.replica.settings.get('documents-cursor'))?.value)
		.toBe('2');
	const handle = other.documents.acquire(nameOf(1));
	await expect.poll(() => handle.isLoaded).toBe(true);
	server.doc(nameOf(1)).getMap('draft').set('i2/v/t', 'theirs');
	server.doc(nameOf(1)).getMap('draft').delete('i1/v/t');
	server.doc(nameOf(9)).getMap('draft').set('i1/v/t', 'not on this device');
	const before = server.requests.length;
	dispatchEvent(new Event('online'));
	await expect.poll(() => draftOn(handle.doc)).toEqual({ 'i2/v/t': 'theirs' });
	expect(await draftHere(tab, nameOf(1))).toEqual({ 'i2/v/t': 'theirs' });
	await expect
		.poll(async () => (await tab.replica.settings.get('documents-cursor'))?.value)
		.toBe('5');
	expect(server.requests.slice(before)).toEqual([
		{ path: '/api/sync/changes', names: [] },
		{ path: '/api/sync/batch', names: [nameOf(1)] },
	]);
	expect(await rowOf(tab, nameOf(1))).toMatchObject({
		cursor: server.cursorOf(nameOf(1)),
		isDirty: 0,
	});
	expect(server.attempts).toBe(0);
	handle.release();
});

test('without a cursor of its own, or with one that no longer serves, every document is compared once', async () => {
	const server = new PeerServer();
	const tab = openTab(newEpoch());
	for (const n of [1, 2]) await write(tab, nameOf(n), 'i1/v/t', 'mine');
	let isGone = true;
	const { fetch } = server.api;
	const api = {
		fetch(path: string, init: RequestInit = {}) {
			const isAsked = path.endsWith('/changes') && (init.body as string).includes('since');
			if (!isAsked || !isGone) return fetch(path, init);
			isGone = false;
			return Promise.resolve(Response.json({ reset: true }));
		},
	};
	connect(tab, server, { api });
	await expect
		.poll(async () => (await tab.replica.settings.get('documents-cursor'))?.value)
		.toBe('2');
	server.doc(nameOf(1)).getMap('draft').set('i2/v/t', 'theirs');
	dispatchEvent(new Event('online'));
	await expect.poll(() => draftHere(tab, nameOf(1))).toMatchObject({ 'i2/v/t': 'theirs' });
	expect(isGone).toBe(false);
	expect(server.requests.at(-1)).toEqual({
		path: '/api/sync/batch',
		names: [nameOf(1), nameOf(2)],
	});
});

test('refused in a batch: that document begins anew, the others are acknowledged', async () => {
	const server = new PeerServer();
	server.refusal = { code: 5, reason: 'Not what this document holds', key: 'nonsense' };
	const tab = openTab(newEpoch());
	for (const n of [1, 2, 3]) await write(tab, nameOf(n), 'i1/v/sentiment', n);
	await write(tab, nameOf(2), 'nonsense', 1);
	connect(tab, server);
	await expect.poll(() => tab.replica.refused.toArray()).toMatchObject([{ document: nameOf(2) }]);
	for (const n of [1, 2, 3]) {
		await expect.poll(() => rowOf(tab, nameOf(n))).toMatchObject({ isDirty: 0, block: null });
		expect(draftOn(server.doc(nameOf(n)))).toEqual({ 'i1/v/sentiment': n });
	}
	expect((await rowOf(tab, nameOf(2))).generation).toBe(1);
});

test('what only a socket can bring up to date goes over one, and the socket closes', async () => {
	const server = new PeerServer();
	server.onBatch = ({ name }) => (name === nameOf(2) ? { name, kind: 'resync' } : undefined);
	const tab = openTab(newEpoch());
	for (const n of [1, 2]) await write(tab, nameOf(n), 'i1/v/t', n);
	connect(tab, server);
	for (const n of [1, 2])
		await expect.poll(() => rowOf(tab, nameOf(n))).toMatchObject({ acked: 1, isDirty: 0 });
	expect(draftOn(server.doc(nameOf(2)))).toEqual({ 'i1/v/t': 2 });
	await expect.poll(() => server.connected).toEqual([]);
	expect(server.attempts).toBe(1);
});

test('an answer that does not fit is not kept, and not believed', async () => {
	const server = new PeerServer();
	const theirs = new Y.Doc();
	theirs.getMap('draft').set('i1/v/t', 1);
	const before = Y.encodeStateVector(theirs);
	theirs.getMap('draft').set('i1/v/t', 2);
	const hole = Y.encodeStateAsUpdate(theirs, before);
	let lies = 1;
	server.onBatch = ({ name }) =>
		lies-- > 0 ? { name, kind: 'level', cursor: '1:2:3', updates: [hole] } : undefined;
	const tab = openTab(newEpoch());
	await write(tab, nameOf(1), 'i2/v/t', 'mine');
	connect(tab, server);
	await expect.poll(() => rowOf(tab, nameOf(1))).toMatchObject({ acked: 1, isDirty: 0 });
	expect(server.attempts).toBe(1);
	expect(draftOn(server.doc(nameOf(1)))).toEqual({ 'i2/v/t': 'mine' });
	expect(await draftHere(tab, nameOf(1))).toEqual({ 'i2/v/t': 'mine' });
});

test('what is not there for this person waits, and goes out when it is there again', async () => {
	const server = new PeerServer();
	server.closesWith = 4404;
	const tab = openTab(newEpoch());
	await write(tab, nameOf(1), 'i1/v/t', 'a');
	const sync = connect(tab, server);
	await expect.poll(() => rowOf(tab, nameOf(1))).toMatchObject({ block: 'not-found', isDirty: 1 });
	server.closesWith = undefined;
	await sync.retry();
	await expect.poll(() => rowOf(tab, nameOf(1))).toMatchObject({ block: null, isDirty: 0 });
});

test('signed out: everything waits and is told of once; signing in sends it', async () => {
	const server = new PeerServer();
	server.closesWith = 4401;
	const tab = openTab(newEpoch());
	await Promise.all(names(120).map((name) => write(tab, name, 'i1/v/t', 'a')));
	const totals = watch(() => totalsOf(tab.documents.saved));
	let asked = 0;
	const sync = connect(tab, server, { onSignedOut: () => asked++ });
	await expect.poll(() => totals.current).toMatchObject({ onDevice: 120, blocked: 120 });
	expect([asked, server.requests.length]).toEqual([1, 1]);
	server.closesWith = undefined;
	await sync.retry();
	await expect
		.poll(() => totals.current)
		.toMatchObject({ onDevice: 0, blocked: 0, onServer: true });
});

test('documents that cannot be exchanged now hold up no others and are tried again', async () => {
	const server = new PeerServer();
	const left = new Map([
		[nameOf(1), 1],
		[nameOf(2), 1],
	]);
	server.onBatch = ({ name }) => {
		const times = left.get(name) ?? 0;
		left.set(name, times - 1);
		if (times <= 0) return undefined;
		return { name, kind: name === nameOf(1) ? 'unavailable' : 'later' };
	};
	const tab = openTab(newEpoch());
	for (const n of [1, 2, 3]) await write(tab, nameOf(n), 'i1/v/t', n);
	connect(tab, server);
	for (const n of [1, 2, 3])
		await expect.poll(() => rowOf(tab, nameOf(n))).toMatchObject({ isDirty: 0 });
	const [first, second, third] = batchesOf(server).map((request) => request.names);
	expect([first, second, third]).toEqual([names(4).slice(1), [nameOf(2)], [nameOf(1)]]);
	expect(server.attempts).toBe(0);
});

test('who is told to come later comes no sooner', async () => {
	const server = new PeerServer();
	const tab = openTab(newEpoch());
	await write(tab, nameOf(1), 'i1/v/t', 'a');
	const times: number[] = [];
	const { fetch } = server.api;
	const api = {
		fetch(path: string, init: RequestInit = {}) {
			if (!path.endsWith('/batch')) return fetch(path, init);
			times.push(performance.now());
			if (times.length > 1) return fetch(path, init);
			return Promise.reject(new ApiError(503, 'overloaded', 'Later', undefined, 400));
		},
	};
	connect(tab, server, { api });
	await expect.poll(() => rowOf(tab, nameOf(1))).toMatchObject({ isDirty: 0 });
	expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(400);
});

test('a server that knows no such request is served over sockets', async () => {
	const server = new PeerServer();
	const tab = openTab(newEpoch());
	for (const n of [1, 2]) await write(tab, nameOf(n), 'i1/v/t', n);
	const api = {
		fetch: () => Promise.reject(new ApiError(404, 'not_found', 'Nothing here', undefined)),
	};
	connect(tab, server, { api });
	for (const n of [1, 2])
		await expect.poll(() => rowOf(tab, nameOf(n))).toMatchObject({ isDirty: 0 });
	expect(server.attempts).toBe(2);
});

test('a document that is begun anew while its answer is on its way is not acknowledged by it', async () => {
	const server = new PeerServer();
	server.holdsBarriers = true;
	const tab = openTab(newEpoch());
	await write(tab, nameOf(1), 'i1/v/t', 'a');
	connect(tab, server);
	await expect.poll(() => server.heldBarriers).toBe(1);
	const { generation } = await rowOf(tab, nameOf(1));
	await tab.replica.documents.update(nameOf(1), { generation: generation + 1, localHead: 2 });
	await tab.documents.changed(nameOf(1));
	server.confirm();
	await expect.poll(() => server.heldBarriers).toBe(1); // over a socket now, with a barrier of its own
	expect(await rowOf(tab, nameOf(1))).toMatchObject({ acked: 0, isDirty: 1 });
	server.holdsBarriers = false;
	server.confirm();
	await expect.poll(() => rowOf(tab, nameOf(1))).toMatchObject({ acked: 2, isDirty: 0 });
});
