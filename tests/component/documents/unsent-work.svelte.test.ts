import { expect, onTestFinished, test } from 'vitest';
import { Answers } from '#app/documents/parts/answers.svelte.ts';
import { dropDocument } from '#app/documents/unsent/drop.ts';
import { exportWork } from '#app/documents/unsent/export-work.ts';
import { planFile, takeInFile } from '#app/documents/unsent/take-in-file.ts';
import { waitingDocuments } from '#app/documents/unsent/waiting.ts';
import { parseWorkFile, type WorkFile } from '#app/documents/unsent/work-file.ts';
import type { Row } from '#shared/replica/rows.ts';
import type { Role } from '#shared/access/access.ts';
import { connect, name, newEpoch, openTab, watch, type Tab } from './device.svelte.ts';
import { PeerServer } from './peer-server.ts';

/** What the replica knows: the project with this person's role, the batch with its members. */
async function know(tab: Tab, role: Role, members: readonly string[]): Promise<void> {
	const project = { id: 'reviews', role, hasCode: false } as unknown as Row<'projects'>;
	const batch = { id: 'b1', project: 'reviews', state: 'open', isBlind: false, members };
	await tab.replica.projects.put(project);
	await tab.replica.batches.put(batch as unknown as Row<'batches'>);
}

function label(tab: Tab, item: string): string {
	const answers = new Answers(tab.documents.open(name));
	return answers.submit(item, {
		me: tab.documents.user,
		spentMs: 1,
		schema: 1,
		seen: [],
		answer: { values: { sentiment: 'positive' }, regions: [], texts: {} },
	});
}

async function saved(tab: Tab): Promise<WorkFile> {
	const by = { id: tab.documents.user, name: 'Ann' };
	return parseWorkFile(await (await exportWork(tab.documents, { by, names: [name] })).text());
}

/** Storage that has no room, as the browser tells it: at the write of an update. */
function fillUp(tab: Tab): () => void {
	const refuse = () => {
		throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
	};
	tab.replica.updates.hook('creating', refuse);
	const makeRoom = () => tab.replica.updates.hook('creating').unsubscribe(refuse);
	onTestFinished(makeRoom);
	return makeRoom;
}

test('what waits is listed with its count and since when, until the server has confirmed it', async () => {
	const server = new PeerServer();
	server.isDown = true;
	const tab = openTab(newEpoch());
	const before = new Date().toISOString();
	label(tab, 'r1');
	label(tab, 'r2');
	await tab.documents.find(name)!.log.whenWritten();
	const [first] = await waitingDocuments(tab.replica);
	expect(first).toMatchObject({ document: name, changes: 2, block: null });
	expect(first!.since! >= before).toBe(true);
	label(tab, 'r3');
	await tab.documents.find(name)!.log.whenWritten();
	expect(await waitingDocuments(tab.replica)).toMatchObject([{ changes: 3, since: first!.since }]);
	server.isDown = false;
	connect(tab, server);
	await expect.poll(() => waitingDocuments(tab.replica)).toEqual([]);
	expect((await tab.replica.documents.get(name))!.dirtySince).toBeNull();
});

test('a file saved on one device is taken in on another, as one’s own, once', async () => {
	const lost = openTab(newEpoch(), 'u1');
	const ids = [label(lost, 'r1'), label(lost, 'r2')];
	const file = await saved(lost);
	const server = new PeerServer();
	const tab = openTab(newEpoch(), 'u1');
	await know(tab, 'labeler', ['u1']);
	connect(tab, server);
	const [planned] = await planFile({ documents: tab.documents, file });
	expect(planned).toMatchObject({ kind: 'ready', plan: { known: 0, foreign: 0 } });
	expect(server.doc(name).getMap('submitted').size).toBe(0); // planning writes nothing
	expect(await takeInFile({ documents: tab.documents, file })).toBe(2);
	await expect
		.poll(() => [...server.doc(name).getMap('submitted').keys()].sort())
		.toEqual([...ids].sort());
	expect(await takeInFile({ documents: tab.documents, file })).toBe(0);
	await expect.poll(() => waitingDocuments(tab.replica)).toEqual([]);
});

test('a lead takes in a member’s file in their own name; another member may not', async () => {
	const lost = openTab(newEpoch(), 'u1');
	label(lost, 'r1');
	const file = await saved(lost);
	const server = new PeerServer();
	const other = openTab(newEpoch(), 'u2');
	await know(other, 'labeler', ['u2']);
	connect(other, server);
	expect(await takeInFile({ documents: other.documents, file })).toBe(0);
	const lead = openTab(newEpoch(), 'lea');
	await know(lead, 'lead', ['u1']);
	connect(lead, server);
	expect(await takeInFile({ documents: lead.documents, file })).toBe(1);
	const submitted = server.doc(name).getMap<{ by: string }>('submitted');
	await expect.poll(() => [...submitted.values()].map(({ by }) => by)).toEqual(['lea']);
});

test('what one may not write, and what needs the server first, is said', async () => {
	const lost = openTab(newEpoch(), 'u1');
	label(lost, 'r1');
	const file = await saved(lost);
	const tab = openTab(newEpoch(), 'u1');
	const plan = () => planFile({ documents: tab.documents, file, limitMs: 20 });
	expect(await plan()).toMatchObject([{ kind: 'not-yours' }]);
	await know(tab, 'labeler', []);
	expect(await plan()).toMatchObject([{ kind: 'not-yours' }]);
	await know(tab, 'labeler', ['u1']);
	expect(await plan()).toMatchObject([{ kind: 'needs-server' }]);
});

test('without room on the device editing stops, the file has everything, and room lets it go on', async () => {
	const tab = openTab(newEpoch());
	await know(tab, 'labeler', ['u1']);
	const handle = tab.documents.open(name);
	const canWrite = watch(() => handle.canWrite);
	await expect.poll(() => canWrite.current).toBe(true);
	const kept = label(tab, 'r1');
	await expect.poll(() => handle.saved).toBe('on this device');

	const makeRoom = fillUp(tab);
	const unstored = label(tab, 'r2');
	await expect.poll(() => handle.saved).toBe('not saved');
	expect(tab.documents.saved.isOutOfRoom).toBe(true);
	expect(tab.documents.saved.notStored.notSaved).toEqual([name]);
	expect(canWrite.current).toBe(false);
	const [work] = (await saved(tab)).documents;
	expect(Object.keys(work!.entries['submitted']!).sort()).toEqual([kept, unstored].sort());

	makeRoom();
	await expect.poll(() => handle.saved).toBe('on this device');
	expect(tab.documents.saved.isOutOfRoom).toBe(false);
	expect(canWrite.current).toBe(true);
	expect(await waitingDocuments(tab.replica)).toMatchObject([{ document: name, changes: 2 }]);
});

test('what nobody takes can be dropped, in every tab, and the document can be written again', async () => {
	const epoch = newEpoch();
	const [tab, other] = [openTab(epoch), openTab(epoch)];
	const shown = other.documents.open(name);
	label(tab, 'r1');
	await tab.documents.find(name)!.log.whenWritten();
	await expect.poll(() => shown.doc.getMap('submitted').size).toBe(1);
	await dropDocument(tab.documents, name);
	expect(await waitingDocuments(tab.replica)).toEqual([]);
	await expect.poll(() => shown.doc.getMap('submitted').size).toBe(0);
	const server = new PeerServer();
	connect(tab, server);
	const again = label(tab, 'r2');
	await expect.poll(() => [...server.doc(name).getMap('submitted').keys()]).toEqual([again]);
	await expect.poll(() => shown.doc.getMap('submitted').has(again)).toBe(true);
});
