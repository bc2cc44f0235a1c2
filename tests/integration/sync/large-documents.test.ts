import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { readBroughtBack, writeBroughtBack } from '#shared/wire/brought-back.ts';
import { writeMessage } from '#shared/wire/messages.ts';
import { splitUpdate } from '#shared/wire/split-update.ts';
import type { Frame } from '#sync-server/documents/connection/frame.ts';
import type { Listener } from '#sync-server/documents/document/open-document.ts';
import { openSqliteLog } from '#sync-server/log/sqlite/open-log.ts';
import { MemoryDisk } from '#sync-server/log/memory-log.ts';
import { watchTurns } from '../../support/longest-turn.ts';
import { submission } from '../../unit/sync/hostile-updates.ts';
import { cleanUpAfterEach, serversIn } from './cleanups.ts';
import { openDocument, writer } from './open-document.ts';
import { WireClient } from './wire-client.ts';

const answers = 'p/b/answers';
const cleanups = cleanUpAfterEach();
const server = serversIn(cleanups);

const [ada, bob] = [writer('ada'), writer('bob')];

/** A document of so many bytes, as a labeler who drew for weeks leaves it: regions, redrawn now and then. */
function drawn(bytes: number): Y.Doc {
	const document = new Y.Doc();
	const draft = document.getMap('draft');
	const each = 100;
	document.transact(() => {
		for (let index = 0; index * each < bytes; index++) {
			const shape = { x: index / 7, y: index / 11, w: index / 13, h: 0.5, of: 'some picture' };
			draft.set(`i${index % 500}/r/${index}`, { tool: 'box', label: 'cat', shape });
			if (index % 10 === 0) draft.set(`i${index % 500}/r/${index}`, { tool: 'box', shape });
		}
	});
	return document;
}

const sizeOf = ({ bytes }: Frame): number => bytes.length;

/** Hears everything, and keeps how large it was. */
function listener(): Listener & { readonly sizes: number[] } {
	const sizes: number[] = [];
	return {
		user: 'carol',
		userName: 'Carol',
		sizes,
		sendUpdate: (frame) => sizes.push(sizeOf(frame)),
		sendHead: () => undefined,
		sendPresence: () => undefined,
		documentFailed: () => undefined,
	};
}

describe('S13 what is large is taken up piece by piece', () => {
	test.each([1, 5, 10])('an honest update of %i MB', async (megabytes) => {
		const large = drawn(megabytes * 1e6);
		const update = Y.encodeStateAsUpdate(large);
		expect(update.length).toBeGreaterThan(megabytes * 1e6);
		const disk = new MemoryDisk();
		const document = await openDocument(cleanups, { disk });
		const reader = listener();
		document.listeners.add(reader);
		const ended = watchTurns();
		const writing = document.write(update, ada);
		expect(await writing).toMatchObject({ kind: 'ok' });
		await document.whenSettled();
		expect(ended()).toBeLessThan(100);
		expect(Math.max(...reader.sizes)).toBeLessThan(100_000);
		const copy = new Y.Doc();
		for (const { data } of disk.documents.get(answers)!.updates) Y.applyUpdate(copy, data);
		expect(copy.getMap('draft').toJSON()).toEqual(large.getMap('draft').toJSON());

		const watching = watchTurns();
		const again = await openDocument(cleanups, { disk });
		expect(watching()).toBeLessThan(100);
		expect(again.stateVector()).toEqual(Y.encodeStateVector(large));
	});

	test('S16 10 MB that the server lost come back from a browser, known when they are brought twice', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'large-documents-'));
		cleanups.push(() => rmSync(folder, { recursive: true }));
		const log = await openSqliteLog({ file: join(folder, 'updates.db') });
		cleanups.push(() => log.close());
		const { documents } = await server({ log, aside: { judgeLimitMs: 60_000 } });
		const lost = drawn(10e6);
		const brought = { version: 1, ownClients: [], update: Y.encodeStateAsUpdate(lost) };
		const who = { user: 'ada', credential: 'of the test' };
		const body = writeBroughtBack(brought);
		const ended = watchTurns();
		expect(await documents.lostClients(who, answers)).toEqual({ others: [], recovered: [] });
		const read = readBroughtBack(body)!;
		expect(await documents.bringBack(who, answers, read)).toEqual({ kind: 'taken' });
		expect(await documents.bringBack(who, answers, read)).toEqual({ kind: 'known' });
		expect(await documents.lostClients(who, answers)).toEqual({
			others: [],
			recovered: [lost.clientID],
		});
		expect(ended()).toBeLessThan(100);
		const copy = new Y.Doc();
		const { snapshot, updates } = (await log.open(answers)).stored;
		if (snapshot) Y.applyUpdateV2(copy, snapshot);
		for (const { data } of updates) Y.applyUpdate(copy, data);
		expect(copy.getMap('draft').toJSON()).toEqual(lost.getMap('draft').toJSON());
	}, 240_000);

	test('others write in between, and are not made to wait', async () => {
		const document = await openDocument(cleanups);
		const writing = document.write(Y.encodeStateAsUpdate(drawn(2e6)), ada);
		let isOver = false;
		void Promise.resolve(writing).then(() => (isOver = true));
		const other = new Y.Doc();
		let written = 0;
		while (!isOver) {
			const before = Y.encodeStateVector(other);
			other.getMap('draft').set('i1/v/t', written);
			const verdict = document.write(Y.encodeStateAsUpdate(other, before), bob);
			expect(verdict).toMatchObject({ kind: 'ok' });
			written++;
			await new Promise((resolve) => setImmediate(resolve));
		}
		expect(await writing).toMatchObject({ kind: 'ok' });
		expect(written).toBeGreaterThan(splitUpdate(Y.encodeStateAsUpdate(drawn(2e6))).length);
	});

	test('S6 what others submit in between counts for the pieces that come after', async () => {
		const disk = new MemoryDisk();
		const document = await openDocument(cleanups, { disk });
		const large = drawn(1e6);
		large.getMap('submitted').set('s1', submission('positive'));
		const writing = document.write(Y.encodeStateAsUpdate(large), ada);
		while (!disk.documents.has(answers)) await new Promise((resolve) => setImmediate(resolve));
		const other = new Y.Doc();
		other.getMap('submitted').set('s1', submission('negative'));
		expect(await document.write(Y.encodeStateAsUpdate(other), bob)).toMatchObject({ kind: 'ok' });
		expect(await writing).toEqual({ kind: 'refuse', refusal: 'authored' });
	});

	test('S7 a right that is lost in between counts for the pieces that come after', async () => {
		const disk = new MemoryDisk();
		const document = await openDocument(cleanups, { disk });
		const mayWrite = () => !disk.documents.has(answers);
		const large = drawn(1e6);
		const verdict = await document.write(Y.encodeStateAsUpdate(large), {
			user: 'ada',
			version: 0,
			mayWrite,
		});
		expect(verdict).toEqual({ kind: 'refuse', refusal: 'notAllowed' });
		const { updates } = disk.documents.get(answers)!;
		expect(updates.length).toBeLessThan(splitUpdate(Y.encodeStateAsUpdate(large)).length);
	});

	test('S2 pieces that the disk took before it refused one make a document without holes', async () => {
		const disk = new MemoryDisk();
		const document = await openDocument(cleanups, { disk });
		const large = drawn(1e6);
		const writing = document.write(Y.encodeStateAsUpdate(large), ada);
		while (!disk.documents.has(answers)) await new Promise((resolve) => setImmediate(resolve));
		disk.failure = new Error('no space is left');
		expect(await writing).toMatchObject({ kind: 'resync' });
		expect(document.isClosed).toBe(true);
		const again = await openDocument(cleanups, { disk });
		expect(await again.write(Y.encodeStateAsUpdate(large), ada)).toMatchObject({ kind: 'ok' });
		expect(again.stateVector()).toEqual(Y.encodeStateVector(large));
	});
});

describe('S13 what is small and does much', () => {
	test('a few bytes that delete 300,000 entries are taken piece by piece', async () => {
		const document = await openDocument(cleanups);
		const large = new Y.Doc();
		large.transact(() => {
			for (let index = 0; index < 300_000; index++)
				large.getMap('draft').set(`i${index % 500}/r/${index}`, index);
		});
		expect(await document.write(Y.encodeStateAsUpdate(large), ada)).toMatchObject({ kind: 'ok' });
		await document.whenSettled();
		const before = Y.encodeStateVector(large);
		large.transact(() => large.getMap('draft').clear());
		const update = Y.encodeStateAsUpdate(large, before);
		expect(update.length).toBeLessThan(20);
		const ended = watchTurns();
		expect(await document.write(update, bob)).toMatchObject({ kind: 'ok' });
		expect(ended()).toBeLessThan(100);
		const copy = new Y.Doc();
		Y.applyUpdate(copy, document.difference(Uint8Array.of(0)));
		expect(copy.getMap('draft').size).toBe(0);
	}, 120_000);

	test('values beside many others of their key hold up no turn, however many small updates they come in', async () => {
		const { url, documents } = await server();
		const bob = await WireClient.join(`${url}/${answers}?user=bob`);
		const eve = await WireClient.join(`${url}/${answers}?user=eve`, { answers: false });
		const updates = Array.from({ length: 1500 }, (_, index) => {
			const apart = new Y.Doc();
			apart.clientID = index + 1;
			apart.getMap('draft').set('i1/v/t', index);
			return Y.encodeStateAsUpdate(apart);
		});
		const ended = watchTurns();
		for (const [index, update] of updates.entries()) {
			eve.send({ kind: 'update', update });
			if (index % 100 === 0) await new Promise(setImmediate);
		}
		await eve.until(() => false);
		expect(eve.closedWith).toBe(4409); // three too many
		bob.edit((document) => document.getMap('draft').set('i2/v/t', 'mine'));
		expect(await bob.barrier()).toBe('saved');
		expect(ended()).toBeLessThan(100);
		expect(documents.stats().refused).toBe(3);
	});

	test('somebody who asks for the same again and again is answered in turns', async () => {
		const { url } = await server();
		const drafts = drawn(900_000);
		const writer = await WireClient.join(`${url}/${answers}?user=ada`, { document: drafts });
		expect(await writer.barrier()).toBe('saved');
		const asking = new WebSocket(`${url}/${answers}?user=eve`);
		cleanups.push(() => asking.terminate());
		await once(asking, 'message');
		const end = Y.getState(drafts.store, drafts.clientID);
		const questions = Array.from({ length: 2000 }, (_, index) => {
			const known = new Map([[drafts.clientID, end - index]]);
			return writeMessage({ kind: 'step1', stateVector: Y.encodeStateVector(known) });
		});
		let answered = 0;
		asking.on('message', () => answered++);
		const ended = watchTurns();
		for (const question of questions) asking.send(question);
		await new Promise(setImmediate);
		writer.edit((document) => document.getMap('draft').set('i1/v/t', 'meanwhile'));
		expect(await writer.barrier('1')).toBe('saved');
		expect(ended()).toBeLessThan(100);
		expect(answered).toBeLessThan(questions.length);
	});

	test('somebody who says to have more than any document holds is not listened to', async () => {
		const { url } = await server();
		const eve = await WireClient.join(`${url}/${answers}?user=eve`, { wakes: true });
		const claimed = encoding.encode((out) => {
			encoding.writeVarUint(out, 3_000_000);
			for (let client = 0; client < 3_000_000; client++) {
				encoding.writeVarUint(out, client);
				encoding.writeVarUint(out, 1);
			}
		});
		const ended = watchTurns();
		const heard = eve.kinds().length;
		eve.send({ kind: 'step1', stateVector: claimed });
		expect(await eve.barrier()).toMatchObject({ code: 1 });
		expect(ended()).toBeLessThan(100);
		expect(eve.kinds().slice(heard)).not.toContain('step2');
	});
});

describe('S13 what someone lacks of a large document comes in parts', () => {
	test('everything, with what is written meanwhile, and then how far it is', async () => {
		const { url } = await server({ headMs: 1 });
		const large = drawn(1.3e6);
		const writer = await WireClient.join(`${url}/${answers}?user=ada`, { document: large });
		expect(await writer.barrier()).toBe('saved');
		const reader = new WireClient(`${url}/${answers}?user=bob&cursor=`);
		cleanups.push(() => reader.close());
		await reader.opened();
		reader.send({ kind: 'step1', stateVector: Y.encodeStateVector(reader.document) });
		let edits = 0;
		while (!reader.kinds().includes('step2')) {
			writer.edit((document) => document.getMap('draft').set('i0/v/t', ++edits));
			expect(await writer.barrier(`b${edits}`)).toBe('saved');
		}
		await reader.until(() => reader.document.getMap('draft').get('i0/v/t') === edits);
		expect(reader.document.getMap('draft').size).toBe(large.getMap('draft').size);
		expect(reader.document.store.pendingStructs).toBe(null);
		expect(reader.kinds().filter((kind) => kind === 'step2')).toHaveLength(1);
		for (const message of reader.heard)
			if ('update' in message) expect(message.update.length).toBeLessThan(100_000);
		await reader.until(() => reader.kinds().at(-1) === 'head');
		const head = reader.heard.at(-1)!;
		const back = new WireClient(
			`${url}/${answers}?user=bob&cursor=${head.kind === 'head' ? head.cursor : ''}`,
			{ document: reader.document },
		);
		cleanups.push(() => back.close());
		await back.until(() => back.kinds().includes('head'));
		expect(back.kinds()).not.toContain('update');
	});

	test('a reader that asks and does not read costs one part, and gets the rest when it reads', async () => {
		const { url, documents } = await server();
		const large = drawn(2.5e6);
		const writer = await WireClient.join(`${url}/${answers}?user=ada`, { document: large });
		expect(await writer.barrier()).toBe('saved');
		const reader = new WireClient(`${url}/${answers}?user=bob`);
		cleanups.push(() => reader.close());
		await reader.opened();
		reader.pause(true);
		for (let asked = 0; asked < 20; asked++)
			reader.send({ kind: 'step1', stateVector: Y.encodeStateVector(reader.document) });
		expect(await writer.barrier('1')).toBe('saved');
		reader.pause(false);
		await reader.until(() => reader.kinds().includes('step2'));
		expect(reader.document.getMap('draft').size).toBe(large.getMap('draft').size);
		expect(documents.stats().caughtUpReaders).toBeGreaterThan(0);
	});
});
