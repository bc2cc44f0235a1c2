import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { MemoryDisk } from '#sync-server/log/memory-log.ts';
import { cleanUpAfterEach, serversIn } from './cleanups.ts';
import type { SyncServer } from './sync-server.ts';
import { WireClient } from './wire-client.ts';

/** Version 2 writes what older clients would damage; version 1 does not. */
const leastWriters = [0, 0, 2];
const answers = 'p/b/answers';
const cleanups = cleanUpAfterEach();
const server = serversIn(cleanups, { leastWriters });

const join = ({ url }: SyncServer, query: string, document = new Y.Doc()): Promise<WireClient> =>
	WireClient.join(`${url}/${answers}?${query}`, { document });
const value = (key: string) => (document: Y.Doc) =>
	void document.getMap('draft').set(`${key}/v/t`, 'a');
const drafts = ({ document }: WireClient) => [...document.getMap('draft').keys()].sort();

test('S12 a client that is too old reads on, is told so, and what it sent is neither taken nor kept aside', async () => {
	const started = await server();
	const old = await join(started, 'user=ada&version=1');
	old.edit(value('i1'));
	expect(await old.barrier('1')).toBe('saved');
	const fresh = await join(started, 'user=bob&version=2');
	fresh.edit(value('i2'));
	expect(await fresh.barrier('1')).toBe('saved');

	// More often than anybody may be refused, and it is still there and reads.
	for (const label of ['2', '3', '4', '5']) {
		old.edit(value('i3'));
		expect(await old.barrier(label)).toMatchObject({ code: 9 });
	}
	fresh.edit(value('i4'));
	await old.until(() => drafts(old).includes('i4/v/t'));
	expect(drafts(fresh)).toEqual(['i1/v/t', 'i2/v/t', 'i4/v/t']);
	expect(await started.log.quarantined(answers)).toEqual([]);
	expect(started.documents.stats().refused).toBe(0);

	// Updated, it brings the very same bytes.
	await old.close();
	const updated = await join(started, 'user=ada&version=2', old.document);
	expect(await updated.barrier('6')).toBe('saved');
	await fresh.until(() => drafts(fresh).includes('i3/v/t'));
	await Promise.all([fresh.close(), updated.close()]);
});

test('S12 it holds after a restart, for whoever says no version, and for what the gate would refuse', async () => {
	const disk = new MemoryDisk();
	const first = await server({ disk });
	const fresh = await join(first, 'user=bob&version=2');
	fresh.edit(value('i2'));
	expect(await fresh.barrier()).toBe('saved');
	await fresh.close();
	await first.close();

	const started = await server({ disk });
	const stock = await join(started, 'user=eve');
	stock.edit((document) => document.getMap('of before').set('k', 1));
	await stock.until(() => stock.kinds().includes('denied'));
	expect(await stock.barrier()).toMatchObject({ code: 9 });
	expect(await started.log.quarantined(answers)).toEqual([]);
	await stock.close();
});

test('S12 who has nothing new is told that it is saved, whatever its version', async () => {
	const started = await server();
	const fresh = await join(started, 'user=bob&version=2');
	fresh.edit(value('i2'));
	expect(await fresh.barrier()).toBe('saved');
	const old = await join(started, 'user=ada&version=1', fresh.document);
	expect(await old.barrier()).toBe('saved');
	await Promise.all([fresh.close(), old.close()]);
});

test('S12 a large update of an old client is answered the same', async () => {
	const started = await server();
	const fresh = await join(started, 'user=bob&version=2');
	fresh.edit(value('i2'));
	expect(await fresh.barrier()).toBe('saved');
	const old = await join(started, 'user=ada&version=1');
	old.edit((document) => {
		for (let index = 0; index < 5000; index++) value(`i${index}`)(document);
	});
	expect(await old.barrier()).toMatchObject({ code: 9 });
	await Promise.all([fresh.close(), old.close()]);
});
