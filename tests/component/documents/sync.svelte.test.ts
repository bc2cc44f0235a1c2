import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { connect, label, name, newEpoch, openTab, totalsOf, watch } from './device.svelte.ts';
import { PeerServer } from './peer-server.ts';

function submittedOn(doc: Y.Doc): string[] {
	return [...doc.getMap('submitted').keys()];
}

test('"on the server" comes from the barrier alone', async () => {
	const server = new PeerServer();
	server.holdsBarriers = true;
	const tab = openTab(newEpoch());
	connect(tab, server);
	const handle = tab.documents.open(name);
	const totals = watch(() => totalsOf(tab.documents.saved));
	const id = label(tab, 'r1', 'positive');

	await expect.poll(() => server.heldBarriers).toBe(1);
	expect(submittedOn(server.doc(name))).toEqual([id]);
	expect(handle.saved).toBe('on this device');
	expect(totals.current).toMatchObject({ onDevice: 1, onServer: false });

	server.confirm();
	await expect.poll(() => handle.saved).toBe('on the server');
	await expect.poll(() => totals.current).toMatchObject({ onDevice: 0, onServer: true });
	expect(handle.hasServerState).toBe(true);
});

test('a change made while a barrier is out is not confirmed by it', async () => {
	const server = new PeerServer();
	server.holdsBarriers = true;
	const tab = openTab(newEpoch());
	connect(tab, server);
	const handle = tab.documents.open(name);
	label(tab, 'r1', 'positive');
	await expect.poll(() => server.heldBarriers).toBe(1);
	label(tab, 'r2', 'negative');
	await expect.poll(() => tab.documents.find(name)!.log.row.localHead).toBe(2);
	server.confirm();
	await expect.poll(() => server.heldBarriers).toBe(1);
	expect(tab.documents.find(name)!.log.row).toMatchObject({ acked: 1, isDirty: 1 });
	expect(handle.saved).toBe('on this device');
	server.confirm();
	await expect.poll(() => handle.saved).toBe('on the server');
});

test('work of a whole day without a network, over a reload, reaches the server; the badge is true all along', async () => {
	const epoch = newEpoch();
	const server = new PeerServer();
	server.isDown = true;
	const before = openTab(epoch);
	const sync = connect(before, server);
	const ids = Array.from({ length: 20 }, (_, n) => label(before, `r${n}`, 'positive'));
	await expect.poll(() => server.attempts).toBeGreaterThan(0);
	sync.stop();
	await before.close();

	const after = openTab(epoch);
	const totals = watch(() => totalsOf(after.documents.saved));
	await expect.poll(() => totals.current).toMatchObject({ onDevice: 1, onServer: false });
	server.isDown = false;
	connect(after, server); // nobody shows the document: it is sent because it is unsent
	await expect.poll(() => totals.current).toMatchObject({ onDevice: 0, onServer: true });
	expect(submittedOn(server.doc(name)).sort()).toEqual([...ids].sort());
});

test('who has everything says so and is asked for nothing; what is written while connecting is sent', async () => {
	const server = new PeerServer();
	const tab = openTab(newEpoch());
	connect(tab, server);
	const handle = tab.documents.open(name);
	const first = label(tab, 'r1', 'positive');
	await expect.poll(() => handle.saved).toBe('on the server');
	const { log } = tab.documents.find(name)!;
	await expect.poll(() => log.row.cursor).toBe(server.cursorOf(name));

	server.isDown = true;
	server.cut();
	const attempts = server.attempts;
	await expect.poll(() => server.attempts).toBeGreaterThan(attempts);
	server.isDown = false;
	await expect.poll(() => server.connected).toEqual([name]);
	expect(server.cursors).toEqual(['', server.cursorOf(name)]);

	// Written after the cursor was said and before anything was answered.
	const before = server.cursors.length;
	const labeled = new Promise<string>((resolve) => {
		server.onOpened = () => {
			server.onOpened = undefined;
			resolve(label(tab, 'r2', 'negative'));
		};
	});
	server.cut();
	const second = await labeled;
	await expect.poll(() => handle.saved).toBe('on the server');
	expect(submittedOn(server.doc(name)).sort()).toEqual([first, second].sort());
	expect(server.cursors.length).toBeGreaterThan(before);
	await expect.poll(() => log.row.cursor).toBe(server.cursorOf(name));
});

test('with a cursor that the server knows nothing of, everything is exchanged', async () => {
	const server = new PeerServer();
	const tab = openTab(newEpoch());
	connect(tab, server);
	const handle = tab.documents.open(name);
	await expect.poll(() => tab.documents.find(name)!.log.row.cursor).toBeDefined();
	server.isDown = true;
	server.cut();
	server.doc(name).getMap('draft').set('r9/v/sentiment', 'positive');
	server.doc(name).getMap('draft').delete('r9/v/sentiment');
	server.doc(name).getMap('draft').set('r8/v/sentiment', 'negative');
	server.isDown = false;
	await expect.poll(() => handle.doc.getMap('draft').size).toBe(1);
	await expect.poll(() => tab.documents.find(name)!.log.row.cursor).toBe(server.cursorOf(name));
});

test('a lost connection is opened again, and what was written meanwhile is sent', async () => {
	const server = new PeerServer();
	const tab = openTab(newEpoch());
	connect(tab, server);
	const handle = tab.documents.open(name);
	await expect.poll(() => handle.hasServerState).toBe(true);
	server.isDown = true;
	server.cut();
	label(tab, 'r1', 'positive');
	await expect.poll(() => handle.saved).toBe('on this device');
	server.isDown = false;
	await expect.poll(() => handle.saved).toBe('on the server');
});

test('a network that swallows everything is noticed and left', async () => {
	const server = new PeerServer();
	const tab = openTab(newEpoch());
	connect(tab, server, { silenceMs: 50 });
	const handle = tab.documents.open(name);
	await expect.poll(() => handle.hasServerState).toBe(true);
	server.isSilent = true;
	label(tab, 'r1', 'positive');
	await expect.poll(() => server.attempts).toBeGreaterThan(2);
	expect(handle.saved).toBe('on this device');
	server.isSilent = false;
	await expect.poll(() => handle.saved).toBe('on the server');
});

test('two devices converge', async () => {
	const server = new PeerServer();
	const [here, there] = [openTab(newEpoch()), openTab(newEpoch())];
	connect(here, server);
	connect(there, server);
	const handles = [here.documents.open(name), there.documents.open(name)];
	for (let n = 0; n < 40; n++) {
		if (n === 15) server.cut();
		label([here, there][n % 2]!, `r${n}`, 'positive');
	}
	await expect.poll(() => submittedOn(handles[0]!.doc).length).toBe(40);
	await expect.poll(() => submittedOn(handles[1]!.doc).length).toBe(40);
	await expect
		.poll(() => handles.map(({ saved }) => saved))
		.toEqual(Array(2).fill('on the server'));
	expect(handles[0]!.doc.getMap('draft').toJSON()).toEqual(
		handles[1]!.doc.getMap('draft').toJSON(),
	);
});

test('of two tabs one is connected, and sends what the other writes', async () => {
	const epoch = newEpoch();
	const server = new PeerServer();
	const [first, second] = [openTab(epoch), openTab(epoch)];
	connect(first, server);
	connect(second, server);
	const handles = [first.documents.open(name), second.documents.open(name)];
	await expect.poll(() => handles[1]!.hasServerState).toBe(true);
	const id = label(second, 'r1', 'positive');
	await expect.poll(() => handles[1]!.saved).toBe('on the server');
	await expect.poll(() => handles[0]!.saved).toBe('on the server');
	expect(submittedOn(server.doc(name))).toEqual([id]);
	expect(server.connected).toEqual([name]);

	server.doc(name).getMap('draft').set('r2/v/sentiment', 'from the server');
	server.cut();
	await expect
		.poll(() => handles[1]!.doc.getMap('draft').get('r2/v/sentiment'))
		.toBe('from the server');
	expect((await first.replica.documents.get(name))?.localHead).toBe(1);
});

test('when the leading tab goes, another takes over', async () => {
	const epoch = newEpoch();
	const server = new PeerServer();
	const [first, second] = [openTab(epoch), openTab(epoch)];
	const leading = connect(first, server);
	connect(second, server);
	first.documents.open(name);
	const handle = second.documents.open(name);
	await expect.poll(() => handle.hasServerState).toBe(true);
	leading.stop();
	await first.close();
	label(second, 'r1', 'positive');
	await expect.poll(() => handle.saved).toBe('on the server');
});

test('signed out: nothing is lost or sent, and signing in goes on', async () => {
	const server = new PeerServer();
	server.closesWith = 4401;
	const tab = openTab(newEpoch());
	let asked = 0;
	const sync = connect(tab, server, { onSignedOut: () => asked++ });
	const handle = tab.documents.open(name);
	const totals = watch(() => totalsOf(tab.documents.saved));
	label(tab, 'r1', 'positive');
	await expect.poll(() => asked).toBe(1);
	await expect
		.poll(() => totals.current)
		.toMatchObject({ onDevice: 1, blocked: 1, onServer: false });
	expect(handle.block).toBe('signed-out');

	server.closesWith = undefined;
	await sync.retry();
	await expect.poll(() => handle.saved).toBe('on the server');
	await expect.poll(() => totals.current).toMatchObject({ blocked: 0, onServer: true });
});

test('a document that is not there for this person keeps its changes and is not asked for again and again', async () => {
	const server = new PeerServer();
	server.closesWith = 4404;
	const tab = openTab(newEpoch());
	connect(tab, server);
	const handle = tab.documents.open(name);
	await expect.poll(() => handle.block).toBe('not-found');
	const { attempts } = server;
	label(tab, 'r1', 'positive');
	await expect.poll(() => handle.saved).toBe('on this device');
	expect(server.attempts - attempts).toBeLessThanOrEqual(1); // opening it once more asks once more
});

test('refused: the document begins anew, own work is written again as values, the rest is listed', async () => {
	const server = new PeerServer();
	const tab = openTab(newEpoch());
	server.doc(name).getMap('submitted').set('theirs', { item: 'r0' });
	connect(tab, server);
	const handle = tab.documents.open(name);
	await expect.poll(() => handle.hasServerState).toBe(true);
	const clientBefore = handle.doc.clientID;

	server.refusal = { code: 5, reason: 'Not what this document holds', key: 'nonsense' };
	handle.transact((doc) => doc.getMap('draft').set('nonsense', { is: 'not a draft' }));
	const id = label(tab, 'r1', 'positive');
	await expect.poll(() => handle.doc.clientID !== clientBefore).toBe(true);
	await expect.poll(() => handle.saved).toBe('on the server');

	expect(handle.block).toBeNull();
	expect(submittedOn(server.doc(name)).sort()).toEqual([id, 'theirs'].sort());
	expect(server.doc(name).getMap('draft').toJSON()).toEqual({ 'r1/v/sentiment': 'positive' });
	expect(server.doc(name).store.clients.has(clientBefore)).toBe(false);
	const [row] = await tab.replica.refused.toArray();
	expect(row).toMatchObject({
		document: name,
		code: 5,
		notAccepted: [{ key: 'nonsense', value: { is: 'not a draft' } }],
	});
});

test('refused: every tab follows to the new beginning, and loses nothing that it was just writing', async () => {
	const epoch = newEpoch();
	const server = new PeerServer();
	const [leader, other] = [openTab(epoch), openTab(epoch)];
	connect(leader, server);
	const handles = [leader.documents.open(name), other.documents.open(name)];
	await expect.poll(() => handles.every(({ hasServerState }) => hasServerState)).toBe(true);
	const clients = handles.map(({ doc }) => doc.clientID);
	server.refusal = { code: 5, reason: 'Not what this document holds', key: 'nonsense' };
	handles[0]!.transact((doc) => doc.getMap('draft').set('nonsense', 1));

	const ids: string[] = [];
	const isAnew = () => handles.every(({ doc }, at) => doc.clientID !== clients[at]);
	for (let n = 0; !isAnew() || n < 20; n++) {
		ids.push(label(other, `r${n}`, 'positive'));
		await new Promise((resolve) => requestAnimationFrame(resolve));
	}
	await expect.poll(() => server.doc(name).getMap('submitted').size).toBe(ids.length);
	await expect
		.poll(() => handles.map(({ saved }) => saved))
		.toEqual(Array(2).fill('on the server'));
	expect(submittedOn(server.doc(name)).sort()).toEqual([...ids].sort());
	for (const { doc } of handles) expect(submittedOn(doc).sort()).toEqual([...ids].sort());
});

test('refused for good: nothing goes round for ever, and everything is listed', async () => {
	const server = new PeerServer();
	const tab = openTab(newEpoch());
	connect(tab, server);
	const handle = tab.documents.open(name);
	await expect.poll(() => handle.hasServerState).toBe(true);
	server.refusal = { code: 4, reason: 'You may not write this document' };
	const id = label(tab, 'r1', 'positive');
	await expect.poll(() => tab.replica.refused.count()).toBe(1);
	await expect.poll(() => handle.saved).toBe('on the server');
	expect(submittedOn(handle.doc)).toEqual([]);
	const [row] = await tab.replica.refused.toArray();
	expect(row!.notAccepted.map(({ key }) => key)).toEqual(['r1/v/sentiment', id]);
});

test('others show where they are, and oneself in another tab is not one of them', async () => {
	const server = new PeerServer();
	const epoch = newEpoch();
	const [mine, mineToo, theirs] = [openTab(epoch), openTab(epoch), openTab(newEpoch(), 'u2')];
	for (const tab of [mine, mineToo, theirs]) connect(tab, server);
	const handles = [mine, mineToo, theirs].map((tab) => tab.documents.open(name));
	const others = handles.map((handle) => watch(() => handle.others.map(({ item }) => item)));
	handles[1]!.setSelf({ user: 'u1', name: 'One', item: 'r7', selection: null });
	handles[2]!.setSelf({ user: 'u2', name: 'Two', item: 'r9', selection: null });
	await expect.poll(() => others.map(({ current }) => current)).toEqual([['r9'], ['r9'], ['r7']]);
	handles[1]!.setSelf(null);
	await expect.poll(() => others[2]!.current).toEqual([]);
	server.close();
});

test('however fast somebody moves, few messages leave, and the last one is where they are', async () => {
	const server = new PeerServer();
	const [mine, theirs] = [openTab(newEpoch()), openTab(newEpoch(), 'u2')];
	for (const tab of [mine, theirs]) connect(tab, server);
	const handles = [mine, theirs].map((tab) => tab.documents.open(name));
	await expect.poll(() => server.connected.length).toBe(2);
	const others = watch(() => handles[1]!.others.map(({ item }) => item));
	const before = server.presenceFrames;
	for (let n = 0; n <= 200; n++)
		handles[0]!.setSelf({ user: 'u1', name: 'One', item: `r${n}`, selection: null });
	await expect.poll(() => others.current).toEqual(['r200']);
	expect(server.presenceFrames - before).toBeLessThanOrEqual(2); // the first at once, the last when the time is over
	server.close();
});

test('of a tab that is gone nothing is left, and another tab of the same person still counts', async () => {
	const server = new PeerServer();
	const epoch = newEpoch();
	const [first, second, theirs] = [openTab(epoch), openTab(epoch), openTab(newEpoch(), 'u2')];
	for (const tab of [first, second, theirs]) connect(tab, server);
	const handles = [first, second, theirs].map((tab) => tab.documents.open(name));
	const others = watch(() => handles[2]!.others.map(({ item }) => item));
	const self = (item: string) => ({ user: 'u1', name: 'One', item, selection: null });
	await expect.poll(() => server.connected.length).toBe(2);
	handles[0]!.setSelf(self('r1'));
	await expect.poll(() => others.current).toEqual(['r1']);
	handles[1]!.setSelf(self('r2'));
	await expect.poll(() => others.current).toEqual(['r2']);
	await second.close(); // it says nothing; its lock goes with it
	await expect.poll(() => others.current).toEqual(['r1']);
	handles[0]!.setSelf(null);
	await expect.poll(() => others.current).toEqual([]);
	server.close();
});

test('a server that greets and dies again and again is pressed less and less', async () => {
	const server = new PeerServer();
	const tab = openTab(newEpoch());
	connect(tab, server, { random: () => 0.02 });
	const handle = tab.documents.open(name);
	let lastGapMs = 0;
	for (let times = 0; times < 6; times++) {
		label(tab, `r${times}`, 'positive');
		await expect.poll(() => handle.saved).toBe('on the server'); // greeted and confirmed
		const cutAt = performance.now();
		const opened = new Promise<void>((resolve) => (server.onOpened = resolve));
		server.cut(1012);
		await opened;
		lastGapMs = performance.now() - cutAt;
	}
	expect(lastGapMs).toBeGreaterThan(0.02 * 8_000 - 2); // not 0.02 × 500: what was confirmed does not forgive it
});

test('a network that comes back hurries what waits; opening another page does not', async () => {
	const server = new PeerServer();
	server.isDown = true;
	const tab = openTab(newEpoch());
	let luck = 0.0001;
	connect(tab, server, { random: () => luck });
	const handle = tab.documents.open(name);
	label(tab, 'r1', 'positive');
	await expect.poll(() => server.attempts).toBeGreaterThan(8);
	luck = 1;
	const attempts = server.attempts;
	await expect.poll(() => server.attempts).toBeGreaterThan(attempts); // the next one is eight seconds away
	const waiting = server.attempts;
	server.isDown = false;
	const other = tab.documents.open('reviews/b2/answers');
	await expect.poll(() => other.hasServerState).toBe(true);
	expect(server.attempts).toBe(waiting + 1);
	expect(server.connected).toEqual(['reviews/b2/answers']);
	luck = 0.01;
	dispatchEvent(new Event('online'));
	await expect.poll(() => handle.saved).toBe('on the server');
});

test('storage that fails under the leading tab ends nothing: once it works again, everything is sent', async () => {
	const server = new PeerServer();
	const tab = openTab(newEpoch());
	connect(tab, server);
	const handle = tab.documents.open(name);
	label(tab, 'r1', 'positive');
	await expect.poll(() => handle.saved).toBe('on the server');
	// As a browser does that loses its storage for a moment: whoever asks for something is turned away.
	tab.replica.close();
	tab.documents.wake();
	tab.documents.hurry();
	label(tab, 'r2', 'negative');
	await expect.poll(() => handle.saved).toBe('not saved');

	await tab.replica.open();
	await expect.poll(() => handle.saved, { timeout: 10_000 }).toBe('on the server');
	const shown = tab.documents.open('reviews/b2/answers');
	shown.transact((doc) => doc.getMap('draft').set('r1/v/sentiment', 'positive'));
	const quiet = tab.documents.acquire('reviews/b3/answers');
	quiet.transact((doc) => doc.getMap('draft').set('r1/v/sentiment', 'positive'));
	await expect.poll(() => shown.saved, { timeout: 10_000 }).toBe('on the server');
	await expect.poll(() => quiet.saved, { timeout: 10_000 }).toBe('on the server');
	expect(server.doc('reviews/b2/answers').getMap('draft').size).toBe(1);
	expect(server.doc('reviews/b3/answers').getMap('draft').size).toBe(1);
});
