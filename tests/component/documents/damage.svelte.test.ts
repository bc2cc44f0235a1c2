import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { Answers } from '#app/documents/parts/answers.svelte.ts';
import { compactDocument } from '#app/documents/device/compaction.ts';
import { exportWork } from '#app/documents/unsent/export-work.ts';
import { parseWorkFile } from '#app/documents/unsent/work-file.ts';
import { openReplica, type Replica } from '#app/replica/database.ts';
import { connect, name, newEpoch, openTab, totalsOf, watch, type Tab } from './device.svelte.ts';
import { PeerServer } from './peer-server.ts';

/** What somebody's device holds can be torn, or written over by something else: the rest must not be lost with it. */

/** Labels items one after the other, each in a row of the log of its own; answers the submissions' ids. */
async function label(tab: Tab, items: readonly string[]): Promise<string[]> {
	const handle = tab.documents.open(name);
	await expect.poll(() => handle.isLoaded).toBe(true);
	const answers = new Answers(handle);
	const ids: string[] = [];
	for (const item of items) {
		ids.push(
			answers.together(() => {
				answers.setValue(item, 'sentiment', 'positive');
				return answers.submit(item, { me: 'u1', spentMs: 1, schema: 1, seen: [] });
			}),
		);
		await tab.documents.find(name)!.log.whenWritten();
	}
	return ids;
}

const items = ['r1', 'r2', 'r3', 'r4', 'r5', 'r6'];
const row = (seq: number): [string, number] => [name, seq];
const damages: Record<string, (replica: Replica) => Promise<unknown>> = {
	'torn in the middle': async (replica) => {
		const { data } = (await replica.updates.get(row(3)))!;
		await replica.updates.put({ document: name, seq: 3, data: data.slice(0, data.length / 2) });
	},
	'of another type': (replica) =>
		replica.updates.put({ document: name, seq: 3, data: 'nonsense' as unknown as Uint8Array }),
	'filled with noise': (replica) =>
		replica.updates.put({
			document: name,
			seq: 3,
			data: Uint8Array.from({ length: 400 }, (_, n) => (n * 151 + 7) % 256),
		}),
	missing: (replica) => replica.updates.delete(row(3)),
	'another document’s': (replica) => {
		const doc = new Y.Doc();
		doc.getMap('elsewhere').set('x', 1);
		return replica.updates.put({ document: name, seq: 3, data: Y.encodeStateAsUpdate(doc) });
	},
};

for (const [how, damage] of Object.entries(damages))
	test(`a row that is ${how}: all the others are read and sent, and what is lost is listed`, async () => {
		const epoch = newEpoch();
		const before = openTab(epoch);
		const ids = await label(before, items);
		await before.close();
		const replica = openReplica(epoch, 'u1');
		await damage(replica);
		replica.close();

		const server = new PeerServer();
		const tab = openTab(epoch);
		const handle = tab.documents.open(name);
		await expect.poll(() => handle.block).toBe('damaged');
		const totals = watch(() => totalsOf(tab.documents.saved));
		await expect.poll(() => totals.current).toMatchObject({ onServer: false, blocked: 1 });
		const later = await label(tab, ['r7']); // the desk goes on
		connect(tab, server);
		const expected = [...ids.filter((_, at) => at !== 2), ...later].sort();
		await expect
			.poll(() => [...server.doc(name).getMap('submitted').keys()].sort())
			.toEqual(expected);
		await expect.poll(() => totals.current).toMatchObject({ onServer: true, refused: 1 });
		expect(handle.block).toBeNull();
		expect([...handle.doc.getMap('submitted').keys()].sort()).toEqual(expected);
		const refused = await tab.replica.refused.toArray();
		expect(refused[0]!.reason).toContain('cannot be read');
		const by = { id: 'u1', name: 'Ann' };
		const file = parseWorkFile(await (await exportWork(tab.documents, { by, refused })).text());
		expect(file.documents[0]!.document).toBe(name);
	});

test('bookkeeping that is gone, or nonsense, or behind the log: nothing that lies there is lost or written over', async () => {
	const wrong: unknown[] = [
		undefined,
		{ document: name, head: 'nonsense' },
		{ document: name, project: 'reviews', generation: 0, head: 1e18, foldedTo: 0 },
		{ head: 2, localHead: 2 },
	];
	for (const one of wrong) {
		const epoch = newEpoch();
		const before = openTab(epoch);
		const ids = await label(before, items.slice(0, 3));
		await before.close();
		const replica = openReplica(epoch, 'u1');
		const right = (await replica.documents.get(name))!;
		if (one === undefined) await replica.documents.delete(name);
		else if ('document' in (one as object)) await replica.documents.put(one as typeof right);
		else await replica.documents.put({ ...right, ...(one as object) });
		replica.close();

		const server = new PeerServer();
		const tab = openTab(epoch);
		connect(tab, server);
		ids.push(...(await label(tab, ['r7'])));
		await expect
			.poll(() => [...server.doc(name).getMap('submitted').keys()].sort())
			.toEqual(ids.sort());
	}
});

test('a folded part that is torn is not folded over, and what came after it is saved', async () => {
	const epoch = newEpoch();
	const server = new PeerServer();
	const before = openTab(epoch);
	const sync = connect(before, server);
	const sent = await label(before, items.slice(0, 3));
	await expect.poll(() => server.doc(name).getMap('submitted').size).toBe(3);
	await expect.poll(() => before.documents.find(name)!.saved).toBe('on the server');
	sync.stop();
	await compactDocument(before.replica, name);
	const unsent = await label(before, items.slice(3));
	await before.close();
	const replica = openReplica(epoch, 'u1');
	const snapshot = (await replica.documentSnapshots.get(name))!;
	await replica.documentSnapshots.put({ ...snapshot, pieces: [Uint8Array.of(1, 2, 3)] });
	replica.close();

	const tab = openTab(epoch);
	const handle = tab.documents.open(name);
	await expect.poll(() => handle.block).toBe('damaged');
	expect(await compactDocument(tab.replica, name)).toBe(false);
	connect(tab, server);
	await expect
		.poll(() => [...server.doc(name).getMap('submitted').keys()].sort())
		.toEqual([...sent, ...unsent].sort());
});

test('what a script writes into a document breaks no page, is refused, and leaves with the file', async () => {
	const server = new PeerServer();
	const tab = openTab(newEpoch());
	connect(tab, server);
	const handle = tab.documents.open(name);
	await expect.poll(() => handle.hasServerState).toBe(true);
	server.refusal = { code: 5, reason: 'Not what this document holds', key: 'r1/v/hostile' };
	const answers = new Answers(handle);
	handle.transact((doc) => {
		doc.getMap('draft').set('r1/v/hostile', new Y.Map([['nested', 1]]));
		doc.getMap('draft').set('r1/v/big', 1234567890123456789n);
		doc.getMap('draft').set('r1/v/bytes', Uint8Array.of(1, 2, 3));
		doc.getMap('draft').set('r1/v/huge', 'x'.repeat(300_000));
		doc.getMap('submitted').set('x1', { item: 'r1', after: 'nobody', answer: 7 });
		doc.getMap('submitted').set('x2', 'nonsense');
	});
	expect(answers.draftOf('r1').values).toEqual({ huge: 'x'.repeat(300_000) });
	expect(answers.submissionsOf('r1')).toEqual([]);
	const [id] = await label(tab, ['r2']);
	await expect.poll(() => tab.replica.refused.count()).toBe(1);
	await expect.poll(() => handle.saved).toBe('on the server');
	expect([...server.doc(name).getMap('submitted').keys()]).toEqual([id]);
	expect(server.doc(name).getMap('draft').toJSON()).toEqual({ 'r2/v/sentiment': 'positive' });
	const refused = await tab.replica.refused.toArray();
	expect(refused[0]!.notAccepted.map(({ key }) => key).sort()).toEqual(
		['r1/v/big', 'r1/v/bytes', 'r1/v/hostile', 'r1/v/huge', 'x1', 'x2'].sort(),
	);
	const by = { id: 'u1', name: 'Ann' };
	const text = await (await exportWork(tab.documents, { by, refused })).text();
	expect(text).toContain('1234567890123456789n');
	expect(() => parseWorkFile(text)).not.toThrow();
});
