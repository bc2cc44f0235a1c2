import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { WebsocketProvider } from 'y-websocket';
import { MemoryDisk } from '#sync-server/log/memory-log.ts';
import { submission } from '../../unit/sync/hostile-updates.ts';
import { cleanUpAfterEach, serversIn } from './cleanups.ts';
import { startSyncServer, TestTables } from './sync-server.ts';
import { WireClient } from './wire-client.ts';

const cleanups = cleanUpAfterEach();
const server = serversIn(cleanups);

const answers = 'p/b/answers';

test('S10 stock y-websocket clients connect, sync, edit and see each other', async () => {
	const { url } = await server();
	const open = (user: string): WebsocketProvider => {
		const provider = new WebsocketProvider(url, answers, new Y.Doc(), {
			WebSocketPolyfill: WebSocket as never,
			disableBc: true,
			params: { user },
		});
		cleanups.push(() => provider.destroy());
		return provider;
	};
	const [ada, bob] = [open('ada'), open('bob')];
	await Promise.all([ada, bob].map((one) => new Promise((resolve) => one.once('sync', resolve))));
	ada.doc.getMap('draft').set('i1/v/sentiment', 'positive');
	bob.doc.getMap('draft').set('i2/v/sentiment', 'negative');
	bob.doc.getText('text/i1/why').insert(0, 'because');
	ada.awareness.setLocalState({ item: 'i1' });
	const both = { 'i1/v/sentiment': 'positive', 'i2/v/sentiment': 'negative' };
	const agree = (one: WebsocketProvider): boolean =>
		Object.keys(one.doc.getMap('draft').toJSON()).length === 2 &&
		one.doc.getText('text/i1/why').length === 7;
	await Promise.all(
		[ada, bob].map(async (one) => {
			while (!agree(one)) await once(one.doc as never, 'update');
			expect(one.doc.getMap('draft').toJSON()).toEqual(both);
		}),
	);
	while (!bob.awareness.getStates().has(ada.doc.clientID))
		await new Promise((resolve) => bob.awareness.once('change', resolve));
	expect(bob.awareness.getStates().get(ada.doc.clientID)).toEqual({
		item: 'i1',
		user: 'ada',
		name: 'ADA',
	});
	const cold = open('eve');
	await new Promise((resolve) => cold.once('sync', resolve));
	expect(cold.doc.getMap('draft').toJSON()).toEqual(both);
});

test('S1 nothing is echoed, sent to others or acknowledged before its commit', async () => {
	const disk = new MemoryDisk();
	const { url } = await server({ disk });
	const writer = await WireClient.join(`${url}/${answers}?user=ada`);
	const reader = await WireClient.join(`${url}/${answers}?user=bob`);
	let release = (): void => undefined;
	disk.ready = new Promise((resolve) => (release = resolve));
	cleanups.push(() => release());

	writer.edit((document) => document.getMap('draft').set('i1/v/t', 'a'));
	const saved = writer.barrier('1');
	// A third person asks for the document meanwhile: what is in memory is not theirs yet either.
	const third = new WireClient(`${url}/${answers}?user=eve`);
	await third.opened();
	third.send({ kind: 'step1', stateVector: Y.encodeStateVector(third.document) });
	third.send({ kind: 'queryAwareness' });
	await third.until(() => third.heard.filter(({ kind }) => kind === 'awareness').length === 2);
	expect(third.kinds()).not.toContain('step2');
	expect(writer.kinds()).not.toContain('update');
	expect(writer.kinds()).not.toContain('barrier');
	expect(reader.kinds()).not.toContain('update');

	release();
	expect(await saved).toBe('saved');
	const kinds = writer.kinds();
	expect(kinds.indexOf('update')).toBeLessThan(kinds.indexOf('barrier'));
	await reader.until(() => reader.kinds().includes('update'));
	expect(reader.document.getMap('draft').toJSON()).toEqual({ 'i1/v/t': 'a' });
	await third.until(() => third.kinds().includes('step2'));
	expect(third.document.getMap('draft').toJSON()).toEqual({ 'i1/v/t': 'a' });
});

test('S1 a barrier after something already known waits for the commit that holds it', async () => {
	const disk = new MemoryDisk();
	const { url } = await server({ disk });
	const one = await WireClient.join(`${url}/${answers}?user=ada`);
	const other = await WireClient.join(`${url}/${answers}?user=ada`);
	let release = (): void => undefined;
	disk.ready = new Promise((resolve) => (release = resolve));
	cleanups.push(() => release());
	const update = one.edit((document) => document.getMap('draft').set('i1/v/t', 'a'));
	one.send({ kind: 'queryAwareness' });
	await one.until(() => one.heard.filter(({ kind }) => kind === 'awareness').length === 2);
	other.send({ kind: 'update', update });
	const saved = other.barrier();
	other.send({ kind: 'queryAwareness' });
	await other.until(() => other.heard.filter(({ kind }) => kind === 'awareness').length === 2);
	expect(other.kinds()).not.toContain('barrier');
	release();
	expect(await saved).toBe('saved');
});

test('S2 what the disk refuses is not acknowledged, and the document is read again', async () => {
	const disk = new MemoryDisk();
	const { url } = await server({ disk });
	const writer = await WireClient.join(`${url}/${answers}?user=ada`);
	const reader = await WireClient.join(`${url}/${answers}?user=bob`);
	writer.edit((document) => document.getMap('draft').set('i1/v/t', 'kept'));
	expect(await writer.barrier('1')).toBe('saved');
	disk.failure = new Error('database or disk is full');
	writer.edit((document) => document.getMap('draft').set('i1/v/t', 'lost'));
	expect(await writer.barrier('2')).toBe('closed');
	expect(writer.closedWith).toBe(1013);
	await reader.until(() => false);
	expect(reader.closedWith).toBe(1013);
	const again = await WireClient.join(`${url}/${answers}?user=bob`);
	expect(again.document.getMap('draft').toJSON()).toEqual({ 'i1/v/t': 'kept' });
	// The writer still has it: it comes back with its step 2, and is saved then.
	const back = new WireClient(`${url}/${answers}?user=ada`, { answers: false });
	Y.applyUpdate(back.document, Y.encodeStateAsUpdate(writer.document));
	await back.until(() => back.kinds().includes('step1'));
	back.send({ kind: 'step2', update: Y.encodeStateAsUpdate(back.document) });
	expect(await back.barrier('3')).toBe('saved');
	await again.until(() => again.document.getMap('draft').get('i1/v/t') === 'lost');
});

test('S3 a damaged document refuses connections and is never written over; others are served', async () => {
	const disk = new MemoryDisk();
	const tables = new TestTables();
	tables.batches.add('c');
	const first = await startSyncServer({ disk, tables });
	const writer = await WireClient.join(`${first.url}/${answers}`);
	writer.edit((document) => document.getMap('draft').set('i1/v/t', 'a'));
	await writer.barrier();
	await first.close();
	const row = disk.documents.get(answers)!.updates[0]!;
	row.data[5]! ^= 255;

	const { url } = await server({ disk, tables });
	const client = new WireClient(`${url}/${answers}`);
	await client.until(() => false);
	expect(client.closedWith).toBe(1013);
	expect(client.kinds()).toEqual([]);
	const healthy = await WireClient.join(`${url}/p/c/answers`);
	healthy.edit((document) => document.getMap('draft').set('i1/v/t', 'b'));
	expect(await healthy.barrier()).toBe('saved');
	expect(disk.documents.get(answers)!.head).toBe(1);
});

test('S4 no URL makes a document; unknown, forbidden and malformed names end alike', async () => {
	const { url, disk, tables } = await server();
	tables.standings.set(`ada ${answers}`, { access: 'none', state: 'open', isBlind: false });
	for (const path of ['p/nowhere/answers', 'p/b/answers', 'p/b/other', 'p/../b', '']) {
		const client = new WireClient(`${url}/${path}?user=ada`);
		await client.opened();
		client.edit((document) => document.getMap('draft').set('i1/v/t', 'a'));
		await client.until(() => false);
		expect([path, client.closedWith, client.kinds()]).toEqual([path, 4404, []]);
	}
	expect([...disk.documents.keys()]).toEqual([]);
});

test('S5 a refused update is kept aside, told to who uses barriers, and hurts nobody else', async () => {
	const { url, log } = await server();
	const other = await WireClient.join(`${url}/${answers}?user=bob`);
	const client = await WireClient.join(`${url}/${answers}?user=eve`);
	expect(await client.barrier('1')).toBe('saved');
	client.edit((document) => document.getMap('elsewhere').set('k', 1));
	await client.until(() => client.kinds().includes('refused'));
	expect(client.heard.at(-1)).toMatchObject({ kind: 'refused', code: 5 });
	expect(await client.barrier('2')).toEqual({
		code: 5,
		reason: 'The update writes what this document does not hold',
	});
	expect(await log.quarantined(answers)).toMatchObject([{ user: 'eve', reason: 'shape' }]);
	other.edit((document) => document.getMap('draft').set('i1/v/t', 'a'));
	expect(await other.barrier()).toBe('saved');
	expect(other.kinds()).not.toContain('refused');
});

test('S5 a stock client hears nothing unknown, and the third refusal in a minute closes it', async () => {
	const { url } = await server();
	const client = await WireClient.join(`${url}/${answers}`, { answers: false });
	for (let index = 0; index < 3; index++)
		client.send({ kind: 'update', update: Uint8Array.of(9, 9, 9, index) });
	await client.until(() => false);
	expect(client.closedWith).toBe(4409);
	expect(client.kinds()).not.toContain('refused');
});

test('S5 after a gap the server asks for the whole, the barrier is void, and comes again', async () => {
	const { url } = await server();
	const client = await WireClient.join(`${url}/${answers}`, { answers: false });
	client.document.getMap('draft').set('i1/v/t', 'unsent');
	client.edit((document) => document.getMap('draft').set('i2/v/t', 'sent'));
	client.send({ kind: 'barrier', payload: Uint8Array.of(1) });
	await client.until(() => client.kinds().filter((kind) => kind === 'step1').length === 2);
	client.send({ kind: 'step2', update: Y.encodeStateAsUpdate(client.document) });
	expect(await client.barrier('again')).toBe('saved');
	expect(client.heard.filter(({ kind }) => kind === 'barrier')).toHaveLength(1);
	const other = await WireClient.join(`${url}/${answers}?user=bob`);
	expect(other.document.getMap('draft').size).toBe(2);
});

test('S6 a client id belongs to who used it first, also after the server was started again', async () => {
	const disk = new MemoryDisk();
	const first = await startSyncServer({ disk });
	const ada = await WireClient.join(`${first.url}/${answers}?user=ada`);
	ada.edit((document) => document.getMap('draft').set('i1/v/t', 'mine'));
	await ada.barrier();
	await first.close();
	const { url } = await server({ disk });
	const eve = await WireClient.join(`${url}/${answers}?user=eve`);
	eve.document.clientID = ada.document.clientID;
	expect(await eve.barrier('0')).toBe('saved');
	eve.edit((document) => document.getMap('draft').set('i1/v/t', 'forged'));
	expect(await eve.barrier('1')).toMatchObject({ code: 3 });
	const after = await WireClient.join(`${url}/${answers}?user=bob`);
	expect(after.document.getMap('draft').get('i1/v/t')).toBe('mine');
});

test('S6 what someone submitted is changed and deleted by nobody', async () => {
	const { url } = await server();
	const ada = await WireClient.join(`${url}/${answers}?user=ada`);
	ada.edit((document) => document.getMap('submitted').set('s1', submission('positive')));
	expect(await ada.barrier('1')).toBe('saved');
	const attempts: ((document: Y.Doc) => void)[] = [
		(document) => document.getMap('submitted').set('s1', submission('negative')),
		(document) => document.getMap('submitted').delete('s1'),
	];
	for (const user of ['ada', 'eve'])
		for (const attempt of attempts) {
			const client = await WireClient.join(`${url}/${answers}?user=${user}`);
			expect(await client.barrier('0')).toBe('saved');
			client.edit(attempt);
			expect(await client.barrier('1')).toMatchObject({ code: 6 });
		}
	const again = await WireClient.join(`${url}/${answers}?user=ada`);
	again.edit((document) => document.getMap('submitted').set('s1', submission('positive')));
	expect(await again.barrier('1')).toBe('saved');
	const reader = await WireClient.join(`${url}/${answers}?user=bob`);
	expect(reader.document.getMap('submitted').get('s1')).toEqual(submission('positive'));
});

test('S7 a right that is lost closes the connection, one that shrinks refuses its writes', async () => {
	const { url, tables, documents } = await server();
	const gone = await WireClient.join(`${url}/${answers}?user=gone`);
	const reads = await WireClient.join(`${url}/${answers}?user=reads`);
	expect(await reads.barrier('0')).toBe('saved');
	tables.standings.set(`gone ${answers}`, undefined);
	tables.standings.set(`reads ${answers}`, { access: 'read', state: 'open', isBlind: false });
	documents.rightsChanged({ project: 'p', batch: 'b' });
	await gone.until(() => false);
	expect(gone.closedWith).toBe(4404);
	reads.edit((document) => document.getMap('draft').set('i1/v/t', 'x'));
	expect(await reads.barrier('1')).toMatchObject({ code: 4 });
	const back = new WireClient(`${url}/${answers}?user=gone`);
	await back.until(() => false);
	expect(back.closedWith).toBe(4404);
	tables.standings.delete(`gone ${answers}`);
	documents.rightsChanged({ project: 'p', user: 'gone' });
	const again = await WireClient.join(`${url}/${answers}?user=gone`);
	expect(await again.barrier('0')).toBe('saved');
});

test('S7 a reader whose step 2 says nothing new is no offender', async () => {
	const { url, tables } = await server();
	const writer = await WireClient.join(`${url}/${answers}?user=ada`);
	writer.edit((document) => document.getMap('draft').set('i1/v/t', 'a'));
	writer.edit((document) => document.getMap('draft').set('i1/v/t', 'b'));
	await writer.barrier();
	tables.standings.set(`reads ${answers}`, { access: 'read', state: 'open', isBlind: false });
	const reader = await WireClient.join(`${url}/${answers}?user=reads`);
	reader.send({ kind: 'step2', update: Y.encodeStateAsUpdate(reader.document) });
	expect(await reader.barrier()).toBe('saved');
});

test('S9 a reader that stops reading costs bounded memory and gets one diff when it is back', async () => {
	const { url, documents } = await server();
	const writer = await WireClient.join(`${url}/${answers}?user=ada`);
	const slow = await WireClient.join(`${url}/${answers}?user=bob`);
	slow.pause(true);
	const text = 'x'.repeat(100_000);
	for (let index = 0; index < 200; index++) {
		writer.edit((document) => document.getMap('draft').set(`i${index % 3}/v/t`, `${index}${text}`));
		if (index % 10 === 0) expect(await writer.barrier(`${index}`)).toBe('saved');
	}
	expect(await writer.barrier('end')).toBe('saved');
	slow.pause(false);
	await slow.until(
		() =>
			(slow.document.getMap('draft').get('i1/v/t') as string | undefined)?.startsWith('199') ??
			false,
	);
	expect(slow.document.getMap('draft').toJSON()).toEqual(writer.document.getMap('draft').toJSON());
	expect(documents.stats().caughtUpReaders).toBeGreaterThan(0);
	expect(slow.closedWith).toBeUndefined();
	expect(documents.stats().connections).toBe(2);
});

test('S9 a reader that takes nothing for 30 s is cut off; who listens hears something now and then', async () => {
	const { url, documents, time } = await server({ tickMs: 5 });
	const writer = await WireClient.join(`${url}/${answers}?user=ada`);
	const slow = await WireClient.join(`${url}/${answers}?user=bob`);
	slow.pause(true);
	const text = 'x'.repeat(500_000);
	for (let index = 0; index < 40; index++) {
		writer.edit((document) => document.getMap('draft').set('i1/v/t', `${index}${text}`));
		expect(await writer.barrier(`${index}`)).toBe('saved');
	}
	for (const step of ['first', 'second', 'third', 'fourth', 'fifth']) {
		time.now += 10_000;
		expect(await writer.barrier(step)).toBe('saved');
		const heard = writer.heard.length;
		await writer.until(() => writer.heard.slice(heard).some(({ kind }) => kind === 'awareness'));
	}
	expect(documents.stats()).toMatchObject({ connections: 1, closedSlowReaders: 1 });
	expect(writer.closedWith).toBeUndefined();
	slow.pause(false);
	await slow.until(() => false);
});

test('S9 documents that nobody has open leave memory, and come back whole', async () => {
	const { url, documents } = await server({ idleBytes: 0 });
	const writer = await WireClient.join(`${url}/${answers}`);
	writer.edit((document) => document.getMap('draft').set('i1/v/t', 'a'));
	await writer.barrier();
	await writer.close();
	const reader = await WireClient.join(`${url}/p/b/notes`, { wakes: true });
	expect(documents.stats().documents).toBe(1);
	await reader.close();
	const again = await WireClient.join(`${url}/${answers}`, { wakes: true });
	expect(again.document.getMap('draft').toJSON()).toEqual({ 'i1/v/t': 'a' });
});

test('S11 a closed batch still takes the updates of its members', async () => {
	const { url, tables } = await server();
	tables.standings.set(`ada ${answers}`, { access: 'write', state: 'closed', isBlind: false });
	const client = await WireClient.join(`${url}/${answers}?user=ada`);
	client.edit((document) => document.getMap('submitted').set('late', submission('positive')));
	expect(await client.barrier()).toBe('saved');
});

test('S9 a document whose reader left while it was read leaves memory too', async () => {
	const disk = new MemoryDisk();
	const { url, documents } = await server({ disk, idleBytes: 0 });
	let release = (): void => undefined;
	disk.ready = new Promise((resolve) => (release = resolve));
	const client = new WireClient(`${url}/${answers}`);
	await client.opened();
	client.send({ kind: 'queryAwareness' });
	await client.close();
	while (documents.stats().connections > 0) await new Promise((resolve) => setImmediate(resolve));
	release();
	const other = await WireClient.join(`${url}/p/b/notes`, { wakes: true });
	expect(documents.stats().documents).toBe(1);
	await other.close();
});

test('S1 who waits for a document that another one left meanwhile gets one that is kept', async () => {
	const disk = new MemoryDisk();
	const { url } = await server({ disk, idleBytes: 0 });
	let release = (): void => undefined;
	disk.ready = new Promise((resolve) => (release = resolve));
	const first = new WireClient(`${url}/${answers}?user=ada`);
	await first.opened();
	const second = new WireClient(`${url}/${answers}?user=bob`);
	await second.opened();
	await first.close();
	release();
	await second.until(() => second.kinds().includes('step1'));
	second.edit((document) => document.getMap('draft').set('i1/v/t', 'a'));
	expect(await second.barrier()).toBe('saved');
	expect(disk.documents.get(answers)?.head).toBe(1);
});

test('closing waits for the disk, and everybody is told to come again', async () => {
	const disk = new MemoryDisk();
	const { url, documents } = await server({ disk });
	const client = await WireClient.join(`${url}/${answers}`, { wakes: true });
	let release = (): void => undefined;
	disk.ready = new Promise((resolve) => (release = resolve));
	client.edit((document) => document.getMap('draft').set('i1/v/t', 'a'));
	client.send({ kind: 'queryAwareness' });
	await client.until(() => client.kinds().filter((kind) => kind === 'awareness').length === 3);
	const closed = documents.close();
	release();
	await closed;
	await client.until(() => false);
	expect(client.closedWith).toBe(1012);
	expect(disk.documents.get(answers)!.head).toBe(1);
});

test('the documents of a removed project are gone, and who had them open is told so', async () => {
	const { url, documents, disk } = await server();
	const client = await WireClient.join(`${url}/${answers}`);
	client.edit((document) => document.getMap('draft').set('i1/v/t', 'a'));
	await client.barrier();
	await documents.remove('p');
	await client.until(() => false);
	expect(client.closedWith).toBe(4404);
	expect([...disk.documents.keys()]).toEqual([]);
	expect(documents.stats()).toMatchObject({ documents: 0, connections: 0 });
});
