import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import type { CatchUpAsk, CatchUpReply } from '#shared/wire/catch-up.ts';
import { formatCursor, parseCursor } from '#shared/wire/cursor.ts';
import { documentVersion } from '#shared/wire/document-version.ts';
import { limits } from '#sync-server/documents/gate/limits.ts';
import { MemoryDisk } from '#sync-server/log/memory-log.ts';
import { cleanUpAfterEach, serversIn } from './cleanups.ts';
import type { SyncServer, SyncServerOptions } from './sync-server.ts';
import { WireClient } from './wire-client.ts';

const cleanups = cleanUpAfterEach();
const start = serversIn(cleanups, { idleBytes: 0, headMs: 1 });

async function server(options: SyncServerOptions = {}): Promise<SyncServer> {
	const started = await start(options);
	for (let batch = 0; batch < 40; batch++) started.tables.batches.add(`b${batch}`);
	return started;
}

const none = new Uint8Array();
const nameOf = (batch: number, part = 'answers'): string => `p/b${batch}/${part}`;

/** A device: its documents, what of them is unsent, and how far it is. */
class Device {
	readonly documents = new Map<string, Y.Doc>();
	readonly cursors = new Map<string, string>();
	readonly unsent = new Map<string, Uint8Array>();
	readonly user: string;
	readonly version: number;

	constructor(user = 'ada', version = documentVersion) {
		this.user = user;
		this.version = version;
	}

	document(name: string): Y.Doc {
		const known = this.documents.get(name) ?? new Y.Doc();
		this.documents.set(name, known);
		return known;
	}

	edit(name: string, change: (document: Y.Doc) => void): void {
		const document = this.document(name);
		const before = Y.encodeStateVector(document);
		document.transact(() => change(document));
		const update = Y.encodeStateAsUpdate(document, before);
		const earlier = this.unsent.get(name);
		this.unsent.set(name, earlier ? Y.mergeUpdates([earlier, update]) : update);
	}

	ask(name: string): CatchUpAsk {
		return {
			name,
			cursor: this.cursors.get(name) ?? '',
			stateVector: Y.encodeStateVector(this.document(name)),
			update: this.unsent.get(name) ?? none,
		};
	}

	take(replies: readonly CatchUpReply[]): void {
		for (const reply of replies) {
			if (reply.kind !== 'level') continue;
			for (const update of reply.updates) Y.applyUpdate(this.document(reply.name), update);
			this.cursors.set(reply.name, reply.cursor);
			this.unsent.delete(reply.name);
		}
	}

	async exchange(on: SyncServer, names: readonly string[]): Promise<readonly CatchUpReply[]> {
		const who = { user: this.user, credential: this.user };
		const asks = names.map((name) => this.ask(name));
		const replies = await on.documents.exchange(who, { version: this.version, asks });
		this.take(replies);
		return replies;
	}
}

const kinds = (replies: readonly CatchUpReply[]): string[] => replies.map(({ kind }) => kind);
const draftOf = (document: Y.Doc) => document.getMap('draft').toJSON();
const set = (key: string, value: unknown) => (document: Y.Doc) =>
	void document.getMap('draft').set(key, value);

/** What lies on the disk of a document. */
async function onDisk(on: SyncServer, name: string): Promise<Y.Doc> {
	const document = new Y.Doc();
	for (const { data } of (await on.log.open(name)).stored.updates) Y.applyUpdate(document, data);
	return document;
}

describe('S15 many documents at once', () => {
	test('are brought up to date both ways, and only what was written is loaded', async () => {
		const on = await server();
		const [here, there] = [new Device(), new Device('bob')];
		const names = Array.from({ length: 40 }, (_, batch) => nameOf(batch));
		for (const [index, name] of names.entries()) here.edit(name, set('i1/v/t', index));
		expect(new Set(kinds(await here.exchange(on, names)))).toEqual(new Set(['level']));
		await there.exchange(on, names);
		for (const name of names.slice(0, 5)) {
			there.edit(name, set('i2/v/t', 'bob'));
			there.edit(name, (document) => document.getMap('draft').delete('i1/v/t'));
			here.edit(name, set('i3/v/t', 'ada'));
		}
		await there.exchange(on, names);
		const before = on.documents.stats();
		expect(before.documents).toBe(0);
		await here.exchange(on, names);
		expect(on.documents.stats().answeredFromLog - before.answeredFromLog).toBe(35);
		for (const [index, name] of names.entries()) {
			const value = index < 5 ? { 'i2/v/t': 'bob', 'i3/v/t': 'ada' } : { 'i1/v/t': index };
			expect(draftOf(here.document(name))).toEqual(value);
			expect(draftOf(await onDisk(on, name))).toEqual(value);
			expect(here.cursors.get(name)).toBe(formatCursor(await on.log.cursor(name)));
		}
	});

	test('S1 an update is told of, and echoed, only once it is on disk; S6 with its author', async () => {
		const disk = new MemoryDisk();
		const on = await server({ disk });
		const device = new Device();
		await device.exchange(on, [nameOf(1)]);
		const watching = await WireClient.join(`${on.url}/${nameOf(1)}?user=bob`);
		const { promise, resolve } = Promise.withResolvers<void>();
		disk.ready = promise;
		cleanups.push(() => resolve());
		device.edit(nameOf(1), (document) => document.getMap('submitted').set('s1', submission));
		let isTold = false;
		const exchange = device.exchange(on, [nameOf(1)]).finally(() => (isTold = true));
		watching.send({ kind: 'queryAwareness' });
		await watching.until(() => watching.kinds().filter((kind) => kind === 'awareness').length > 1);
		expect([isTold, watching.kinds().includes('update')]).toEqual([false, false]);
		resolve();
		expect(kinds(await exchange)).toEqual(['level']);
		await watching.until(() => watching.document.getMap('submitted').has('s1'));
		await expect.poll(() => on.tables.changes.flatMap(({ entries }) => entries)).toHaveLength(1);
		const [entry] = on.tables.changes.flatMap(({ entries }) => entries);
		expect(entry).toMatchObject({ key: 's1', user: 'ada' });
		const { stored } = await on.log.open(nameOf(1));
		expect(stored.updates.map(({ user }) => user)).toEqual(['ada']);
		expect([...stored.owners.values()]).toEqual(['ada']);
	});

	test('an answer that got lost is asked for again: nothing is written twice', async () => {
		const on = await server();
		const device = new Device();
		device.edit(nameOf(1), set('i1/v/t', 'a'));
		const request = { version: documentVersion, asks: [device.ask(nameOf(1))] };
		const who = { user: 'ada', credential: 'ada' };
		const [first] = await on.documents.exchange(who, request);
		const [second] = await on.documents.exchange(who, request);
		expect(second).toEqual(first);
		expect((await on.log.open(nameOf(1))).stored.head).toBe(1);
	});

	test('what is known already and not yet on disk is told of only when it is', async () => {
		const disk = new MemoryDisk();
		const on = await server({ disk });
		const device = new Device();
		const writer = await WireClient.join(`${on.url}/${nameOf(1)}?user=ada`);
		const { promise, resolve } = Promise.withResolvers<void>();
		disk.ready = promise;
		cleanups.push(() => resolve());
		const update = writer.edit(set('i1/v/t', 'a'));
		writer.send({ kind: 'queryAwareness' });
		await writer.until(() => writer.kinds().filter((kind) => kind === 'awareness').length > 1);
		Y.applyUpdate(device.document(nameOf(1)), update);
		device.unsent.set(nameOf(1), update);
		let isTold = false;
		const exchange = device.exchange(on, [nameOf(1)]).finally(() => (isTold = true));
		await new Promise(setImmediate);
		expect(isTold).toBe(false);
		resolve();
		expect(kinds(await exchange)).toEqual(['level']);
	});

	test('the cursor vouches for what was sent and for nothing that came while the disk was busy', async () => {
		const disk = new MemoryDisk();
		const on = await server({ disk });
		const [device, name] = [new Device('bob'), nameOf(1)];
		const writer = await WireClient.join(`${on.url}/${name}?user=ada`);
		writer.edit(set('i1/v/t', 'on disk'));
		expect(await writer.barrier('1')).toBe('saved');
		const { promise, resolve } = Promise.withResolvers<void>();
		disk.ready = promise;
		cleanups.push(() => resolve());
		const heard = () => writer.kinds().filter((kind) => kind === 'awareness').length;
		const settled = async (): Promise<void> => {
			const known = heard();
			writer.send({ kind: 'queryAwareness' });
			await writer.until(() => heard() > known);
		};
		writer.edit(set('i2/v/t', 'on its way'));
		await settled();
		device.edit(name, set('i3/v/t', 'brought along'));
		const exchange = device.exchange(on, [name]);
		await settled();
		writer.edit(set('i4/v/t', 'too late for the answer'));
		await settled();
		resolve();
		expect(kinds(await exchange)).toEqual(['level']);
		expect(await writer.barrier('2')).toBe('saved');
		expect(Object.keys(draftOf(device.document(name))).sort()).not.toContain('i4/v/t');
		const rest = await on.log.since(name, parseCursor(device.cursors.get(name)!)!);
		for (const update of rest!.updates) Y.applyUpdate(device.document(name), update);
		expect(draftOf(device.document(name))).toEqual(draftOf(writer.document));
		expect(Object.keys(draftOf(writer.document))).toHaveLength(4);
	});

	test('S2 what the disk refuses is not told to be there, and is taken when it comes again', async () => {
		const disk = new MemoryDisk();
		const on = await server({ disk });
		const device = new Device();
		device.edit(nameOf(1), set('i1/v/t', 'a'));
		disk.failure = new Error('database or disk is full');
		expect(kinds(await device.exchange(on, [nameOf(1)]))).toEqual(['unavailable']);
		expect((await on.log.open(nameOf(1))).stored.head).toBe(0);
		expect(kinds(await device.exchange(on, [nameOf(1)]))).toEqual(['level']);
		expect(draftOf(await onDisk(on, nameOf(1)))).toEqual({ 'i1/v/t': 'a' });
	});

	test('one bad document spoils no other, and each says what is wrong with it', async () => {
		const disk = new MemoryDisk();
		const on = await server({ disk });
		const [ada, eve] = [new Device(), new Device('eve')];
		const names = Array.from({ length: 8 }, (_, batch) => nameOf(batch));
		for (const name of names) ada.edit(name, set('i1/v/t', 'ada'));
		await ada.exchange(on, names);
		disk.documents.get(nameOf(1))!.updates[0]!.data[3]! ^= 255;
		on.tables.standings.set(`eve ${nameOf(6)}`, undefined);
		on.tables.standings.set(`eve ${nameOf(7)}`, { access: 'read', state: 'open', isBlind: false });
		for (const name of names) eve.edit(name, set('i2/v/t', 'eve'));
		const gap = new Y.Doc();
		set('i1/v/t', 1)(gap);
		const held = Y.encodeStateVector(gap);
		set('i1/v/t', 2)(gap);
		eve.unsent.set(nameOf(2), Uint8Array.of(7, 7, 7, 7));
		eve.unsent.set(nameOf(3), Y.encodeStateAsUpdate(gap, held));
		const forged = new Y.Doc();
		Y.applyUpdate(forged, Y.encodeStateAsUpdate(ada.document(nameOf(4))));
		forged.clientID = ada.document(nameOf(4)).clientID;
		set('i9/v/t', 'forged')(forged);
		eve.unsent.set(nameOf(4), Y.encodeStateAsUpdate(forged));
		eve.edit(nameOf(5), (document) => void document.getMap('nonsense').set('x', 1));
		const asked = [...names, 'p/nowhere/answers', 'no name at all'];
		const replies = await eve.exchange(on, asked);
		expect(replies.map(({ name }) => name)).toEqual(asked);
		expect(kinds(replies)).toEqual([
			'level',
			'unavailable',
			...['refused', 'resync', 'refused', 'refused', 'missing', 'refused'],
			...['missing', 'missing'],
		]);
		const codes = replies.flatMap((reply) => (reply.kind === 'refused' ? [reply.code] : []));
		expect(codes).toEqual([1, 3, 5, 4]);
		for (const name of names.slice(2))
			expect((await onDisk(on, name)).getMap('draft').size).toBe(1);
		const kept = await Promise.all(names.map((name) => on.log.quarantined(name)));
		expect(kept.map((rows) => rows.length)).toEqual([0, 0, 1, 0, 1, 1, 0, 1]);
		// S3: the damaged one is as unavailable to who sends nothing.
		eve.unsent.clear();
		eve.cursors.set(nameOf(1), '7:1:1');
		expect(kinds(await eve.exchange(on, [nameOf(1), nameOf(0)]))).toEqual(['unavailable', 'level']);
	});

	test('S13 those that are in memory are told of one in each turn, with others in between', async () => {
		const on = await server();
		const device = new Device();
		const names = Array.from({ length: 30 }, (_, batch) => nameOf(batch));
		for (const name of names) device.edit(name, set('i1/v/t', 'a'));
		const asks = names.map((name) => device.ask(name));
		const who = { user: 'ada', credential: 'x' };
		await on.documents.exchange(who, { version: documentVersion, asks });
		const nothing = new Uint8Array();
		const again = asks.map((ask) => ({ ...ask, cursor: '', update: nothing }));
		let turns = 0;
		let isTold = false;
		const count = (): void => {
			turns++;
			if (!isTold) setImmediate(count);
		};
		setImmediate(count);
		const replies = await on.documents.exchange(who, { version: documentVersion, asks: again });
		isTold = true;
		expect(replies.map(({ kind }) => kind)).toEqual(names.map(() => 'level'));
		expect(turns).toBeGreaterThanOrEqual(names.length);
	});

	test('a state vector that is none is refused before anything is written', async () => {
		const on = await server();
		const device = new Device();
		device.edit(nameOf(1), set('i1/v/t', 'a'));
		for (const stateVector of [Uint8Array.of(200), new Uint8Array(limits.stateVectorBytes + 1)]) {
			const request = { version: 1, asks: [{ ...device.ask(nameOf(1)), stateVector }] };
			const who = { user: 'ada', credential: 'x' };
			const [reply] = await on.documents.exchange(who, request);
			expect(reply).toMatchObject({ kind: 'refused', code: 1 });
		}
		expect((await on.log.open(nameOf(1))).stored.head).toBe(0);
	});

	test('with a cursor that the log knows nothing of, the document tells what is missing', async () => {
		const on = await server();
		const [here, there] = [new Device(), new Device('bob')];
		for (const value of ['a', 'b', 'c']) {
			here.edit(nameOf(1), set('i1/v/t', value));
			await here.exchange(on, [nameOf(1)]);
		}
		const end = here.cursors.get(nameOf(1))!;
		for (const cursor of ['', 'nonsense', '1:2:3', end.replace(/\d+$/, '5')]) {
			there.documents.delete(nameOf(1));
			there.cursors.set(nameOf(1), cursor);
			expect(kinds(await there.exchange(on, [nameOf(1)]))).toEqual(['level']);
			expect(draftOf(there.document(nameOf(1)))).toEqual({ 'i1/v/t': 'c' });
			expect(there.cursors.get(nameOf(1))).toBe(end);
		}
		const [nothing] = await there.exchange(on, [nameOf(2)]);
		expect(nothing).toMatchObject({ kind: 'level', cursor: '0:0:0' });
		there.cursors.delete(nameOf(1));
		const [again] = await there.exchange(on, [nameOf(1)]);
		expect(again).toMatchObject({ kind: 'level', cursor: end });
	});

	test('S7 rights that change while the disk is busy: neither taken as allowed nor as forbidden', async () => {
		const disk = new MemoryDisk();
		const on = await server({ disk });
		const device = new Device();
		for (const batch of [1, 2, 3]) device.edit(nameOf(batch), set('i1/v/t', 'a'));
		const { promise, resolve } = Promise.withResolvers<void>();
		disk.ready = promise;
		cleanups.push(() => resolve());
		const exchange = device.exchange(
			on,
			[1, 2, 3].map((batch) => nameOf(batch)),
		);
		await new Promise(setImmediate);
		on.tables.standings.set(`ada ${nameOf(2)}`, undefined);
		on.documents.rightsChanged({ project: 'p', batch: 'b2', user: 'ada' });
		on.documents.rightsChanged({ project: 'p', user: 'bob' });
		resolve();
		expect(kinds(await exchange)).toEqual(['level', 'later', 'level']);
		expect(kinds(await device.exchange(on, [nameOf(2)]))).toEqual(['missing']);
	});

	test('S7 with the session ends what it asked for', async () => {
		const disk = new MemoryDisk();
		const on = await server({ disk });
		const device = new Device();
		device.edit(nameOf(1), set('i1/v/t', 'a'));
		const { promise, resolve } = Promise.withResolvers<void>();
		disk.ready = promise;
		cleanups.push(() => resolve());
		const exchange = device.exchange(on, [nameOf(1)]);
		await new Promise(setImmediate);
		on.documents.credentialEnded('ada');
		resolve();
		expect(kinds(await exchange)).toEqual(['later']);
	});

	test('S9 an answer has a bound: what is beyond comes with the next', async () => {
		const on = await server();
		const [here, there] = [new Device(), new Device('bob')];
		const names = Array.from({ length: 6 }, (_, batch) => nameOf(batch));
		const long = 'x'.repeat(90_000);
		for (const name of names)
			for (let item = 0; item < 10; item++) {
				here.edit(name, set(`i${item}/v/t`, `${long}${item}`));
				await here.exchange(on, [name]);
			}
		let open = names;
		let rounds = 0;
		for (; open.length > 0 && rounds < 10; rounds++) {
			const replies = await there.exchange(on, open);
			const bytes = replies.flatMap((reply) =>
				reply.kind === 'level' ? reply.updates.map(({ length }) => length) : [],
			);
			expect(bytes.reduce((sum, length) => sum + length, 0)).toBeLessThan(5.1 * 1024 * 1024);
			expect(replies[0]!.kind).toBe('level');
			open = replies.flatMap(({ kind, name }) => (kind === 'later' ? [name] : []));
		}
		expect([rounds, open]).toEqual([2, []]);
		for (const name of names)
			expect(draftOf(there.document(name))).toEqual(draftOf(here.document(name)));
		expect(on.documents.stats().documents).toBe(0);
	});

	test('S12 who is too old to write a document reads it and keeps what it wrote', async () => {
		const on = await server({ leastWriters: [0, 1] });
		const [young, old] = [new Device('bob', 1), new Device('ada', 0)];
		young.edit(nameOf(1), set('i1/v/t', 'young'));
		await young.exchange(on, [nameOf(1)]);
		for (const batch of [1, 2]) old.edit(nameOf(batch), set('i2/v/t', 'old'));
		const [refused, taken] = await old.exchange(on, [nameOf(1), nameOf(2)]);
		expect(refused).toMatchObject({ kind: 'refused', code: 9 });
		expect(taken!.kind).toBe('level');
		expect(await on.log.quarantined(nameOf(1))).toEqual([]);
		expect(draftOf(await onDisk(on, nameOf(1)))).toEqual({ 'i1/v/t': 'young' });
		const reader = new Device('ada', 0);
		expect(kinds(await reader.exchange(on, [nameOf(1)]))).toEqual(['level']);
		expect(draftOf(reader.document(nameOf(1)))).toMatchObject({ 'i1/v/t': 'young' });
	});

	test('who has what the server lost brings it back over a socket, and is not told to be level', async () => {
		const disk = new MemoryDisk();
		const on = await server({ disk });
		const device = new Device();
		for (const value of ['a', 'b']) {
			device.edit(nameOf(1), set('i1/v/t', value));
			await device.exchange(on, [nameOf(1)]);
		}
		disk.documents.delete(nameOf(1));
		expect(kinds(await device.exchange(on, [nameOf(1)]))).toEqual(['resync']);
		device.edit(nameOf(1), set('i2/v/t', 'c'));
		expect(kinds(await device.exchange(on, [nameOf(1)]))).toEqual(['resync']);
	});

	test('S13 a large document is left to a socket, which takes and tells it piece by piece', async () => {
		const on = await server();
		const [here, there] = [new Device(), new Device('bob')];
		const long = 'x'.repeat(200_000);
		for (let item = 0; item < 6; item++) {
			here.edit(nameOf(1), set(`i${item}/v/t`, `${long}${item}`));
			await here.exchange(on, [nameOf(1)]);
		}
		expect(kinds(await there.exchange(on, [nameOf(1), nameOf(2)]))).toEqual(['resync', 'level']);
		here.unsent.clear();
		expect(kinds(await here.exchange(on, [nameOf(1)]))).toEqual(['level']);
	});

	test('a server that closes takes no more of them', async () => {
		const on = await server();
		await on.documents.close();
		await expect(new Device().exchange(on, [nameOf(1)])).rejects.toMatchObject({
			code: 'overloaded',
		});
	});
});

const submission = {
	...{ item: 'i1', by: 'ada', at: '2026-02-01T10:00:00.000Z', spentMs: 5, schema: 1 },
	...{ guess: 'none', after: [], answer: { values: {}, regions: [], texts: {} } },
};
