import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { carryOver } from '#app/documents/restored/carry-over.ts';
import { exportWork } from '#app/documents/unsent/export-work.ts';
import { parseWorkFile } from '#app/documents/unsent/work-file.ts';
import { connect, label, name, newEpoch, openTab } from './device.svelte.ts';
import { PeerServer } from './peer-server.ts';

const user = () => `u-${crypto.randomUUID()}`;

test('after the server was restored from a backup, what it lost is written again, once', async () => {
	const me = user();
	const before = new PeerServer();
	const old = openTab(newEpoch(), me);
	const sync = connect(old, before);
	const handle = old.documents.open(name);
	const inBackup = label(old, 'r1');
	await expect.poll(() => handle.saved).toBe('on the server');
	const restored = new PeerServer();
	Y.applyUpdate(restored.doc(name), Y.encodeStateAsUpdate(before.doc(name)));
	const acknowledged = label(old, 'r2');
	await expect.poll(() => handle.saved).toBe('on the server');
	before.isDown = true;
	before.cut();
	const unsent = label(old, 'r3');
	await old.documents.find(name)!.log.whenWritten();
	sync.stop();
	await old.close();

	const epoch = newEpoch();
	const now = openTab(epoch, me);
	connect(now, restored);
	const { signal } = new AbortController();
	expect(await carryOver(now.documents, { epoch, signal })).toEqual({ rewritten: 4, waiting: 0 }); // two drafts, two submissions
	expect(await carryOver(now.documents, { epoch, signal })).toEqual({ rewritten: 0, waiting: 0 });
	await expect
		.poll(() => [...restored.doc(name).getMap('submitted').keys()].sort())
		.toEqual([inBackup, acknowledged, unsent].sort());
	await expect.poll(() => now.documents.open(name).saved).toBe('on the server');
});

test('what another person left on this device is not touched', async () => {
	const [mine, theirs] = [user(), user()];
	const left = openTab(newEpoch(), theirs);
	label(left, 'r1');
	await left.close();
	const epoch = newEpoch();
	const now = openTab(epoch, mine);
	connect(now, new PeerServer());
	const { signal } = new AbortController();
	expect(await carryOver(now.documents, { epoch, signal })).toEqual({ rewritten: 0, waiting: 0 });
});

test('a document can be handed over as a file', async () => {
	const tab = openTab(newEpoch());
	tab.documents.open(name);
	const id = label(tab, 'r1');
	await tab.documents.find(name)!.log.whenWritten();
	const by = { id: tab.documents.user, name: 'Ann' };
	const blob = await exportWork(tab.documents, { by, names: [name] });
	const { documents, ...about } = parseWorkFile(await blob.text());
	expect(about).toMatchObject({ kind: 'flywheel-work', version: 1, by });
	expect(documents).toMatchObject([{ document: name }]);
	expect(documents[0]!.entries['draft']).toEqual({ 'r1/v/sentiment': 'positive' });
	expect(Object.keys(documents[0]!.entries['submitted']!)).toEqual([id]);
});

test('what was not accepted can be handed over as a file', async () => {
	const server = new PeerServer();
	const tab = openTab(newEpoch());
	connect(tab, server);
	const handle = tab.documents.open(name);
	await expect.poll(() => handle.hasServerState).toBe(true);
	server.refusal = { code: 4, reason: 'You may not write this document' };
	const id = label(tab, 'r1');
	await expect.poll(() => tab.replica.refused.count()).toBe(1);
	const refused = await tab.replica.refused.toArray();
	const blob = await exportWork(tab.documents, { by: { id: 'u1', name: 'Ann' }, refused });
	const [work] = parseWorkFile(await blob.text()).documents;
	expect(work!.refused!.reason).toBe('You may not write this document');
	expect(work!.refused!.notAccepted.map(({ key }) => key)).toContain(id);
	expect(Object.keys(work!.entries['submitted']!)).toEqual([id]);
});
