import { expect, test } from 'vitest';
import type * as Y from 'yjs';
import { waitingDocuments } from '#app/documents/unsent/waiting.ts';
import { connect, label, name, newEpoch, openTab, watch } from './device.svelte.ts';
import { PeerServer } from './peer-server.ts';

const submittedOn = (doc: Y.Doc) => [...doc.getMap('submitted').keys()].sort();

test('S12 an app that is too old keeps its unsent work as it is, reads on, and sends it once updated', async () => {
	const epoch = newEpoch();
	const server = new PeerServer();
	const old = openTab(epoch);
	const sync = connect(old, server, { version: 1 });
	const handle = old.documents.open(name);
	const first = label(old, 'r1');
	await expect.poll(() => handle.saved).toBe('on the server');

	server.leastVersion = 2;
	const outdated = watch(() => old.documents.saved.outdated);
	const second = label(old, 'r2');
	await expect.poll(() => outdated.current).toBe(1);
	expect(handle.block).toBe('outdated');
	expect(handle.saved).toBe('on this device');
	// Labeling goes on, and what others write arrives.
	const third = label(old, 'r3');
	await expect.poll(() => handle.saved).toBe('on this device');
	server.doc(name).getMap('draft').set('r9/v/sentiment', 'negative');
	server.cut();
	await expect.poll(() => handle.doc.getMap('draft').get('r9/v/sentiment')).toBe('negative');
	await expect.poll(() => handle.block).toBe('outdated');
	expect(await old.replica.refused.count()).toBe(0);
	expect((await old.replica.documents.get(name))!.generation).toBe(0);
	expect(await waitingDocuments(old.replica)).toMatchObject([{ block: 'outdated' }]);
	expect(submittedOn(server.doc(name))).toEqual([first]);
	const { clientID } = handle.doc;

	sync.stop();
	const updated = openTab(epoch);
	connect(updated, server, { version: 2 });
	await expect.poll(() => waitingDocuments(updated.replica)).toEqual([]);
	expect(submittedOn(server.doc(name))).toEqual([first, second, third].sort());
	expect(server.doc(name).getMap('submitted')._map.get(second)?.id.client).toBe(clientID);
	expect(await updated.replica.documents.get(name)).toMatchObject({ block: null, isDirty: 0 });
});

test('S12 of two tabs the updated one sends what waits in both', async () => {
	const epoch = newEpoch();
	const server = new PeerServer();
	server.leastVersion = 2;
	const old = openTab(epoch);
	connect(old, server, { version: 1 });
	const waits = label(old, 'r1');
	await expect.poll(() => old.documents.open(name).block).toBe('outdated');
	const updated = openTab(epoch);
	connect(updated, server, { version: 2 });
	await expect.poll(() => submittedOn(server.doc(name))).toEqual([waits]);
	const later = label(old, 'r2');
	await expect.poll(() => submittedOn(server.doc(name))).toEqual([waits, later].sort());
	await expect.poll(() => old.documents.open(name).saved).toBe('on the server');
	expect(old.documents.open(name).block).toBeNull();
});
