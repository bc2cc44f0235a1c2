import { expect, test } from 'vitest';
import { compactDocument } from '#app/documents/device/compaction.ts';
import { name, newEpoch, openTab, totalsOf, watch, type Tab } from './device.svelte.ts';

function draft(tab: Tab) {
	return tab.documents.find(name)!.doc.getMap<string>('draft');
}

async function rowsOf(tab: Tab): Promise<number> {
	return tab.replica.updates.where('[document+seq]').between([name, 0], [name, Infinity]).count();
}

test('a change is "saving" until its transaction is complete, then "on this device"', async () => {
	const tab = openTab(newEpoch());
	const handle = tab.documents.open(name);
	await expect.poll(() => handle.isLoaded).toBe(true);
	expect(handle.saved).toBe('on the server');

	handle.transact((doc) => doc.getMap('draft').set('r1/v/sentiment', 'positive'));
	expect(handle.saved).toBe('saving');
	expect(await rowsOf(tab)).toBe(0);
	await tab.documents.find(name)!.log.whenWritten();
	expect(handle.saved).toBe('on this device');
	expect(await rowsOf(tab)).toBe(1);
});

test('what was on this device is there after a reload, and so is the badge', async () => {
	const epoch = newEpoch();
	const before = openTab(epoch);
	before.documents
		.open(name)
		.transact((doc) => doc.getMap('draft').set('r1/v/sentiment', 'positive'));
	await before.close();

	const after = openTab(epoch);
	const totals = watch(() => totalsOf(after.documents.saved));
	const handle = after.documents.open(name);
	await expect.poll(() => draft(after).get('r1/v/sentiment')).toBe('positive');
	expect(handle.saved).toBe('on this device');
	await expect.poll(() => totals.current.onDevice).toBe(1);
	expect(totals.current.onServer).toBe(false);
});

test('1,000 changes in one go are kept, in far fewer transactions', async () => {
	const epoch = newEpoch();
	const before = openTab(epoch);
	const handle = before.documents.open(name);
	for (let n = 0; n < 1000; n++)
		handle.transact((doc) => doc.getMap('draft').set(`r${n}/v/sentiment`, 'positive'));
	await before.documents.find(name)!.log.whenWritten();
	expect(await rowsOf(before)).toBeLessThan(10);
	expect(before.documents.find(name)!.log.row.localHead).toBe(1000);
	await before.close();

	const after = openTab(epoch);
	after.documents.open(name);
	await expect.poll(() => draft(after).size).toBe(1000);
});

test('two tabs that write at the same time see everything of each other', async () => {
	const epoch = newEpoch();
	const [left, right] = [openTab(epoch), openTab(epoch)];
	const handles = [left.documents.open(name), right.documents.open(name)];
	for (let n = 0; n < 200; n++) {
		handles[n % 2]!.transact((doc) => doc.getMap('draft').set(`r${n}/v/sentiment`, `${n}`));
		if (n % 7 === 0) await Promise.resolve();
		if (n % 20 === 0) await left.documents.find(name)!.log.whenWritten();
	}
	await expect.poll(() => draft(left).size).toBe(200);
	await expect.poll(() => draft(right).size).toBe(200);
	expect(draft(left).toJSON()).toEqual(draft(right).toJSON());
	expect(left.documents.find(name)!.doc.store.pendingStructs).toBeNull();
	const row = await left.replica.documents.get(name);
	expect(row).toMatchObject({ localHead: 200, acked: 0, isDirty: 1 });
	expect(await rowsOf(left)).toBe(row!.head);
});

test('a folded log says the same, also to a tab that had not read the rows', async () => {
	const epoch = newEpoch();
	const [writer, reader] = [openTab(epoch), openTab(epoch)];
	const handle = writer.documents.open(name);
	const { log } = writer.documents.find(name)!;
	for (let n = 0; n < 60; n++) {
		handle.transact((doc) => doc.getMap('draft').set(`r${n % 25}/v/sentiment`, `${n}`));
		await log.whenWritten();
	}
	expect(await rowsOf(writer)).toBe(60);
	const before = draft(writer).toJSON();
	expect(await compactDocument(writer.replica, name)).toBe(true);
	expect(await rowsOf(writer)).toBe(0);
	expect(await compactDocument(writer.replica, name)).toBe(false);

	reader.documents.open(name);
	await expect.poll(() => reader.documents.find(name)!.isLoaded).toBe(true);
	expect(draft(reader).toJSON()).toEqual(before);
	handle.transact((doc) => doc.getMap('draft').set('r1/v/sentiment', 'after'));
	await expect.poll(() => draft(reader).get('r1/v/sentiment')).toBe('after');
	expect(log.row.localHead).toBe(61);
});

test('a tab behind a fold catches up from the snapshot while it is open', async () => {
	const epoch = newEpoch();
	const [writer, reader] = [openTab(epoch), openTab(epoch)];
	reader.documents.open(name);
	await expect.poll(() => reader.documents.find(name)!.isLoaded).toBe(true);
	reader.documents.channel.close(); // it hears nothing: it learns at its own next write
	const handle = writer.documents.open(name);
	handle.transact((doc) => doc.getMap('draft').set('r1/v/sentiment', 'positive'));
	await writer.documents.find(name)!.log.whenWritten();
	await compactDocument(writer.replica, name);

	reader.documents.find(name)!.doc.getMap('draft').set('r2/v/sentiment', 'negative');
	await expect.poll(() => draft(reader).get('r1/v/sentiment')).toBe('positive');
	await writer.documents.find(name)!.log.refresh();
	expect(draft(writer).get('r2/v/sentiment')).toBe('negative');
});

test('a change is not called safe while what another tab wrote before it is still being taken in', async () => {
	const epoch = newEpoch();
	const [writer, other] = [openTab(epoch), openTab(epoch)];
	const handle = writer.documents.open(name);
	await expect.poll(() => handle.isLoaded).toBe(true);
	writer.documents.channel.close(); // it hears nothing: it learns at its own next write
	const words = 'word '.repeat(2000);
	for (let n = 0; n < 20; n++)
		other.documents
			.open(name)
			.transact((doc) => doc.getMap('draft').set(`r${n}/v/comment`, `${n} ${words}`));
	await other.documents.find(name)!.log.whenWritten();

	const { log } = writer.documents.find(name)!;
	handle.transact((doc) => doc.getMap('draft').set('r1/v/sentiment', 'positive'));
	const said: string[] = [];
	writer.documents.find(name)!.doc.on('update', () => said.push(log.saved));
	await log.whenWritten();
	expect(said.length).toBeGreaterThan(1);
	expect(new Set(said)).toEqual(new Set(['saving']));
	expect(log.saved).toBe('on this device');
	expect(draft(writer).size).toBe(21);
});

test('storage that fails is said, the changes stay in memory and are written when it works again', async () => {
	const tab = openTab(newEpoch());
	const handle = tab.documents.open(name);
	await expect.poll(() => handle.isLoaded).toBe(true);
	tab.replica.close();
	handle.transact((doc) => doc.getMap('draft').set('r1/v/sentiment', 'positive'));
	await expect.poll(() => handle.saved).toBe('not saved');
	expect(tab.documents.saved.notSaved).toBe(1);

	await tab.replica.open();
	handle.transact((doc) => doc.getMap('draft').set('r2/v/sentiment', 'negative'));
	await expect.poll(() => handle.saved).toBe('on this device');
	expect((await tab.replica.documents.get(name))?.localHead).toBe(2);
	expect(tab.documents.saved.notSaved).toBe(0);
});

test('a released handle refuses changes rather than lose them', async () => {
	const tab = openTab(newEpoch());
	const handle = tab.documents.open(name);
	handle.release();
	expect(() => handle.transact(() => undefined)).toThrow('released');
	await tab.documents.find(name)!.log.whenWritten();
});

/** As a browser does on its own: the connection is gone, and nobody was asked. */
function loseConnection(tab: Tab): void {
	const native = tab.replica.backendDB();
	native.close();
	native.dispatchEvent(new Event('close'));
}

/** As a newer app in another tab does: it waits until every other connection is closed, and makes more of the database. */
function upgradeElsewhere(tab: Tab): Promise<IDBDatabase> {
	const { name: database } = tab.replica;
	return new Promise((resolve, reject) => {
		const request = indexedDB.open(database, tab.replica.backendDB().version + 10);
		request.onupgradeneeded = () => request.result.createObjectStore('of a newer app');
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(request.error!);
	});
}

test.for([
	['that the browser closed', (tab: Tab) => Promise.resolve(loseConnection(tab))],
	[
		'that a newer app in another tab made larger',
		async (tab: Tab) => {
			const newer = await upgradeElsewhere(tab);
			newer.onversionchange = () => newer.close();
		},
	],
] as const)(
	'a database %s is opened again, and nothing that was written is lost',
	async ([, act]) => {
		const epoch = newEpoch();
		const tab = openTab(epoch);
		const handle = tab.documents.open(name);
		handle.transact((doc) => doc.getMap('draft').set('r1/v/sentiment', 'positive'));
		await expect.poll(() => handle.saved).toBe('on this device');
		await act(tab);
		handle.transact((doc) => doc.getMap('draft').set('r2/v/sentiment', 'negative'));
		await expect.poll(() => handle.saved, { timeout: 10_000 }).toBe('on this device');
		await tab.close();
		const after = openTab(epoch);
		after.documents.open(name);
		await expect.poll(() => draft(after).size).toBe(2);
		expect(await after.replica.documents.get(name)).toMatchObject({ localHead: 2, isDirty: 1 });
	},
);
