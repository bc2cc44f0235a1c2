import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { compactDocument } from '#app/documents/device/compaction.ts';
import { connect, name, newEpoch, openTab, type Tab } from './device.svelte.ts';
import { PeerServer } from './peer-server.ts';

const items = 500;

/** A day of drawing: each region is a change of its own, as a drag makes it. */
function draw(tab: Tab, regionsEach: number): void {
	const handle = tab.documents.open(name);
	for (let index = 0; index < items * regionsEach; index++)
		handle.transact((doc) =>
			doc.getMap('draft').set(`i${index % items}/r/${index}`, {
				tool: 'box',
				shape: { x: index / 7, y: index / 11, w: index / 13, h: 0.5 },
			}),
		);
	handle.release();
}

const draftsOf = (doc: Y.Doc) => doc.getMap('draft');

/** Calls back again and again, in tasks of its own, until ended. */
function inTasks(look: () => void): () => void {
	let timer = setTimeout(function again() {
		look();
		timer = setTimeout(again);
	});
	return () => clearTimeout(timer);
}

test('a day of work goes to the server in pieces, and what is written meanwhile behind them', async () => {
	const server = new PeerServer();
	const tab = openTab(newEpoch());
	draw(tab, 10);
	const handle = tab.documents.open(name);
	await tab.documents.find(name)!.log.whenWritten();
	let written = 0;
	const stop = inTasks(() =>
		handle.transact((doc) => draftsOf(doc).set('i0/v/tone', `${++written}`)),
	);
	connect(tab, server);
	await expect.poll(() => draftsOf(server.doc(name)).size).toBe(items * 10 + 1);
	stop();
	await expect.poll(() => handle.saved).toBe('on the server');
	expect(draftsOf(server.doc(name)).get('i0/v/tone')).toBe(String(written));
	expect(server.hasMissed).toBe(false);
	expect(Math.max(...server.sizes)).toBeLessThan(100_000);
});

test('a large document comes in slices, from the server, from the device and from another tab', async () => {
	const server = new PeerServer();
	const large = server.doc(name);
	large.transact(() => {
		for (let index = 0; index < 20_000; index++)
			draftsOf(large).set(`i${index % items}/r/${index}`, { tool: 'box', shape: { x: index / 7 } });
	});
	const epoch = newEpoch();
	const [one, other] = [openTab(epoch), openTab(epoch)];
	const handles = [one.documents.open(name), other.documents.open(name)];
	const seen = handles.map(() => new Set<number>());
	const look = () => {
		for (const [index, { doc }] of handles.entries()) seen[index]!.add(draftsOf(doc).size);
	};
	const stop = inTasks(look);
	const sync = connect(one, server);
	for (const handle of handles) await expect.poll(() => draftsOf(handle.doc).size).toBe(20_000);
	await expect.poll(() => handles[0]!.hasServerState).toBe(true);
	for (const sizes of seen) expect(sizes.size).toBeGreaterThan(2);
	stop();
	await one.documents.find(name)!.log.whenWritten();
	sync.stop();
	await one.close();
	await other.close();

	const later = openTab(epoch);
	const again = later.documents.open(name);
	const sizes = new Set<number>();
	const stopAgain = inTasks(() => sizes.add(draftsOf(again.doc).size));
	await expect.poll(() => again.isLoaded).toBe(true);
	stopAgain();
	expect(sizes.size).toBeGreaterThan(2);
	expect(draftsOf(again.doc).size).toBe(20_000);
});

test('a large log is folded into pieces that say the same; one folded before there were pieces is read', async () => {
	const epoch = newEpoch();
	const tab = openTab(epoch);
	draw(tab, 4);
	const { doc, log } = tab.documents.find(name)!;
	await log.whenWritten();
	expect(await compactDocument(tab.replica, name)).toBe(true);
	const row = await tab.replica.documentSnapshots.get(name);
	expect(row!.pieces!.length).toBeGreaterThan(2);
	const whole = Y.encodeStateAsUpdateV2(doc);
	await tab.close();

	const second = openTab(epoch);
	const handle = second.documents.open(name);
	await expect.poll(() => handle.isLoaded).toBe(true);
	expect(Y.encodeStateAsUpdateV2(handle.doc)).toEqual(whole);
	const { document, upTo } = row!;
	await second.replica.documentSnapshots.put({ document, upTo, data: whole });
	await second.close();

	const third = openTab(epoch);
	const old = third.documents.open(name);
	await expect.poll(() => old.isLoaded).toBe(true);
	expect(Y.encodeStateAsUpdateV2(old.doc)).toEqual(whole);
});

test('a change that is too large for one message is sent in several', async () => {
	const server = new PeerServer();
	const tab = openTab(newEpoch());
	const handle = tab.documents.open(name);
	connect(tab, server);
	await expect.poll(() => handle.hasServerState).toBe(true);
	handle.transact((doc) => {
		for (let index = 0; index < 5000; index++)
			draftsOf(doc).set(`i${index}/v/tone`, 'x'.repeat(300));
	});
	await expect.poll(() => handle.saved).toBe('on the server');
	expect(draftsOf(server.doc(name)).size).toBe(5000);
	expect(Math.max(...server.sizes)).toBeLessThan(100_000);
});

test('a message that no server takes is told of, and not sent again and again', async () => {
	const server = new PeerServer();
	server.closesWith = 1009;
	const tab = openTab(newEpoch());
	connect(tab, server);
	const handle = tab.documents.open(name);
	await expect.poll(() => handle.block).toBe('refused');
	expect(tab.documents.find(name)!.log.row.refusal).toMatchObject({ code: 2 });
});
