import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { MemoryDisk } from '#sync-server/log/memory-log.ts';
import { watchTurns } from '../../support/longest-turn.ts';
import { cleanUpAfterEach, serversIn } from './cleanups.ts';
import { WireClient } from './wire-client.ts';

const cleanups = cleanUpAfterEach();
const server = serversIn(cleanups);

const answers = 'p/b/answers';

const set =
	(key: string, value: unknown) =>
	(document: Y.Doc): void =>
		void document.getMap('draft').set(`${key}/v/t`, value);

/** A server whose disk is busy with the first of Ada's changes: what she sends now comes to it together. */
async function busy() {
	const disk = new MemoryDisk();
	const on = await server({ disk });
	const ada = await WireClient.join(`${on.url}/${answers}?user=ada`, { wakes: true });
	const bob = await WireClient.join(`${on.url}/${answers}?user=bob`);
	const { promise, resolve: release } = Promise.withResolvers<void>();
	disk.ready = promise;
	cleanups.push(() => release());
	ada.edit(set('first', 0));
	await expect.poll(() => on.documents.stats().receivedBytes).toBeGreaterThan(0);
	await new Promise(setImmediate); // its commit has begun
	return {
		...on,
		ada,
		bob,
		release,
		rows: () => disk.documents.get(answers)!.updates,
		/** Resolves once so much more than now was received. */
		received: (bytes: number) => {
			const before = on.documents.stats().receivedBytes;
			return expect
				.poll(() => on.documents.stats().receivedBytes)
				.toBeGreaterThanOrEqual(before + bytes);
		},
	};
}

function draft({ document }: WireClient): Record<string, unknown> {
	return document.getMap('draft').toJSON();
}

test('S1 what comes from one client while the disk is busy becomes one change: stored and sent as one', async () => {
	const { ada, bob, release, rows, received } = await busy();
	const heard = bob.kinds().length;
	let bytes = 0;
	for (let index = 0; index < 20; index++) bytes += ada.edit(set(`i${index}`, index)).length;
	const saved = ada.barrier();
	await received(bytes);
	expect(draft(bob)).toEqual({});
	release();
	expect(await saved).toBe('saved');
	expect(rows()).toHaveLength(2);
	await bob.until(() => Object.keys(draft(bob)).length === 21);
	expect(bob.kinds().slice(heard)).toEqual(['update', 'update']);
});

test('S14 every step is kept: what is written over in the same go is a change of its own', async () => {
	const { ada, release, rows, received } = await busy();
	let bytes = 0;
	for (const value of ['warm', 'cold', 'warm again']) bytes += ada.edit(set('i1', value)).length;
	const saved = ada.barrier();
	await received(bytes);
	release();
	expect(await saved).toBe('saved');
	const steps: unknown[] = [];
	const document = new Y.Doc();
	for (const { data } of rows()) {
		Y.applyUpdate(document, data);
		steps.push(document.getMap('draft').get('i1/v/t'));
	}
	expect(steps).toEqual([undefined, 'warm', 'cold', 'warm again']);
});

test('S5 what is refused among others takes nothing from what came before it', async () => {
	const { ada, bob, release, received } = await busy();
	let bytes = ada.edit(set('i1', 'kept')).length;
	bytes += ada.edit((document) => document.getMap('nonsense').set('a', 1)).length;
	const refused = ada.barrier();
	await received(bytes);
	release();
	expect(await refused).toMatchObject({ code: 5 });
	await bob.until(() => Object.keys(draft(bob)).length === 2);
	expect(draft(bob)).toEqual({ 'first/v/t': 0, 'i1/v/t': 'kept' });
});

test('S13 however much comes while the disk is busy, it is not all looked at in one turn', async () => {
	const { ada, release } = await busy();
	const document = new Y.Doc();
	const updates: Uint8Array[] = [];
	document.on('update', (update: Uint8Array) => updates.push(update));
	for (let index = 0; index < 15_000; index++) set('i1', index)(document);
	for (const [index, update] of updates.entries()) {
		ada.send({ kind: 'update', update });
		if (index % 100 === 0) await new Promise(setImmediate);
	}
	const ended = watchTurns();
	const saved = ada.barrier();
	release();
	expect(await saved).toBe('saved');
	expect(ended()).toBeLessThan(100);
});

describe('what waits for the next commit', () => {
	test('S7 is not taken any more from who lost the right to the document meanwhile', async () => {
		const { ada, bob, release, received, rows, tables, documents } = await busy();
		await received(ada.edit(set('i1', 'too late')).length);
		tables.standings.set(`ada ${answers}`, undefined);
		documents.rightsChanged({ user: 'ada' });
		await ada.until(() => false);
		expect(ada.closedWith).toBe(4404);
		release();
		bob.edit(set('i2', 'mine'));
		expect(await bob.barrier()).toBe('saved');
		expect(draft(bob)).toEqual({ 'first/v/t': 0, 'i2/v/t': 'mine' });
		expect(rows().map(({ user }) => user)).toEqual(['ada', 'bob']);
		expect(documents.stats()).toMatchObject({ connections: 1, receivedBytes: 0 });
	});

	test('S7 is refused to who may only read by then, and kept aside', async () => {
		const { ada, release, received, rows, tables, documents, log } = await busy();
		await received(ada.edit(set('i1', 'too late')).length);
		const saved = ada.barrier();
		tables.standings.set(`ada ${answers}`, { access: 'read', state: 'open', isBlind: false });
		documents.rightsChanged({ user: 'ada' });
		ada.send({ kind: 'queryAwareness' });
		release();
		expect(await saved).toMatchObject({ code: 4 });
		expect(rows()).toHaveLength(1);
		expect(await log.quarantined(answers)).toMatchObject([{ user: 'ada', reason: 'notAllowed' }]);
	});

	test('S7 is not taken from a session that ended, nor S2 where the disk refused what came before it', async () => {
		const { ada, release, received, rows, documents } = await busy();
		await received(ada.edit(set('i1', 'too late')).length);
		documents.credentialEnded('ada');
		release();
		await ada.until(() => false);
		await expect.poll(() => documents.stats().receivedBytes).toBe(0);
		expect(rows()).toHaveLength(1);

		const other = await busy();
		await other.received(other.ada.edit(set('i1', 'on what was refused')).length);
		const answer = other.ada.barrier();
		other.disk.failure = new Error('no space is left');
		other.release();
		expect(await answer).toBe('closed');
		expect(other.ada.closedWith).toBe(1013);
		await expect.poll(() => other.documents.stats().receivedBytes).toBe(0);
		expect(other.disk.documents.get(answers)?.updates ?? []).toEqual([]);
		const back = await WireClient.join(`${other.url}/${answers}?user=ada`, {
			document: other.ada.document,
		});
		expect(await back.barrier()).toBe('saved');
		expect(other.rows().length).toBeGreaterThan(0);
	});

	test('is not taken where its project is removed, and a restart leaves nothing half done', async () => {
		const removed = await busy();
		await removed.received(removed.ada.edit(set('i1', 'gone')).length);
		const removing = removed.documents.remove('p');
		removed.release();
		await removing;
		await removed.ada.until(() => false);
		expect([removed.ada.closedWith, [...removed.disk.documents]]).toEqual([4404, []]);

		const restarted = await busy();
		await restarted.received(restarted.ada.edit(set('i1', 'again')).length);
		const answer = restarted.ada.barrier();
		const closing = restarted.documents.close();
		restarted.release();
		await closing;
		expect(await answer).toBe('closed');
		const { disk } = restarted;
		const again = await server({ disk });
		const back = await WireClient.join(`${again.url}/${answers}?user=ada`, {
			document: restarted.ada.document,
		});
		expect(await back.barrier()).toBe('saved');
		const reader = await WireClient.join(`${again.url}/${answers}?user=bob`);
		expect(draft(reader)).toEqual({ 'first/v/t': 0, 'i1/v/t': 'again' });
	});
});

test('S10 what a client sent before it went is taken', async () => {
	const { ada, bob, release, received } = await busy();
	const bytes = ada.edit(set('i1', 'the last word')).length;
	await received(bytes);
	await ada.close();
	release();
	await bob.until(() => 'i1/v/t' in draft(bob));
	expect(draft(bob)['i1/v/t']).toBe('the last word');
});
