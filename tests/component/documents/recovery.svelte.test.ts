import { expect, onTestFinished, test } from 'vitest';
import * as Y from 'yjs';
import { readBroughtBack } from '#shared/wire/brought-back.ts';
import { carryOver } from '#app/documents/restored/carry-over.ts';
import { startCarryOver, type CarryOverOptions } from '#app/documents/restored/start-carry-over.ts';
import { Api } from '#app/net/api.ts';
import { openReplica } from '#app/replica/database.ts';
import type { ReplicaRows } from '#shared/replica/rows.ts';
import { answerFetch, json, nobody } from '../net/scripted-fetch.ts';
import { connect, label, name, newEpoch, openTab, type Tab } from './device.svelte.ts';
import { PeerServer } from './peer-server.ts';

const user = () => `u-${crypto.randomUUID()}`;

/** A restored server: what browsers bring back it takes, but for clients that are somebody else's. */
class RestoredServer extends PeerServer {
	readonly others = new Set<number>();
	readonly brought: { own: readonly number[]; clients: number[] }[] = [];
	isRecovering = true;
	isGone = false;
	/** Takes what is brought and breaks off before it says so. */
	breaksOff = false;

	answer = (url: URL, init?: RequestInit): Response | Promise<Response> => {
		if (this.isGone) return refused(404, 'not_found');
		if (!this.isRecovering) return refused(409, 'not_recovering');
		const doc = this.doc(url.searchParams.get('document')!);
		if (init?.method !== 'POST') return json({ others: [...this.others], recovered: [] });
		const { update, ownClients } = readBroughtBack(init.body as unknown as Uint8Array)!;
		const clients = [...Y.parseUpdateMeta(update).to.keys()];
		if (clients.some((client) => this.others.has(client))) return refused(409, 'not_taken');
		Y.applyUpdate(doc, update);
		expect(doc.store.pendingStructs).toBeNull();
		this.brought.push({ own: ownClients, clients });
		return this.breaksOff ? nobody() : json({ kind: 'taken' });
	};
}

const refused = (status: number, code: string) => json({ error: { code, message: code } }, status);

const submittedOn = (server: PeerServer) => [...server.doc(name).getMap('submitted').keys()].sort();
const clientOf = (server: PeerServer, id: string) =>
	server.doc(name).getMap('submitted')._map.get(id)!.id.client;

/** Ann and Ben work; the server is put back to when it held `r1` alone. Both have everything. */
async function lost() {
	const [ann, ben] = [user(), user()];
	const before = new PeerServer();
	const restored = new RestoredServer();
	const [annsEpoch, bensEpoch] = [newEpoch(), newEpoch()];
	const [anns, bens] = [openTab(annsEpoch, ann), openTab(bensEpoch, ben)];
	const syncs = [connect(anns, before), connect(bens, before)];
	const handles = [anns.documents.open(name), bens.documents.open(name)];
	const settled = async (count: number) => {
		for (const handle of handles) {
			await expect.poll(() => handle.doc.getMap('submitted').size).toBe(count);
			await expect.poll(() => handle.saved).toBe('on the server');
		}
	};
	const ids = [label(anns, 'r1')];
	await settled(1);
	Y.applyUpdate(restored.doc(name), Y.encodeStateAsUpdate(before.doc(name)));
	ids.push(label(anns, 'r2'), label(bens, 'r3'));
	await settled(3);
	const bensClient = clientOf(before, ids[2]!);
	for (const sync of syncs) sync.stop();
	await Promise.all([anns.close(), bens.close()]);
	return { ann, ben, annsEpoch, restored, ids, bensClient };
}

function carry(tab: Tab, server: RestoredServer, options: Partial<CarryOverOptions> = {}) {
	const carrying = startCarryOver(tab.documents, {
		epoch: tab.replica.name.slice('flywheel-'.length, -(tab.documents.user.length + 1)),
		api: new Api('', () => tab.documents.user),
		recovers: () => undefined,
		origin: 'http://peer.test',
		socket: server.socket,
		random: () => 0,
		againMs: 10,
		...options,
	});
	onTestFinished(() => carrying.stop());
	return carrying;
}

test('S16 a browser brings back its own and what others wrote, as it was written, once', async () => {
	const { ann, restored, ids, bensClient } = await lost();
	answerFetch((url, init) => restored.answer(url, init));
	const now = openTab(newEpoch(), ann);
	connect(now, restored);
	carry(now, restored);
	await expect.poll(() => submittedOn(restored)).toEqual([...ids].sort());
	expect(clientOf(restored, ids[2]!)).toBe(bensClient);
	const [brought] = restored.brought;
	expect(brought!.own).toContain(clientOf(restored, ids[1]!));
	expect(brought!.own).not.toContain(bensClient);
	const handle = now.documents.open(name);
	await expect.poll(() => handle.doc.getMap('submitted').size).toBe(3);
	await expect.poll(() => handle.saved).toBe('on the server');
	// Nothing was written a second time as a value.
	expect(now.documents.find(name)!.log.row.localHead).toBe(0);
	expect(restored.brought).toHaveLength(1);
	expect(await now.replica.refused.count()).toBe(0);
});

test('S16 who is cut off in the middle goes on later, and nothing is there twice', async () => {
	const { ann, restored, ids } = await lost();
	restored.breaksOff = true;
	answerFetch((url, init) => restored.answer(url, init));
	const now = openTab(newEpoch(), ann);
	connect(now, restored);
	const carrying = carry(now, restored);
	await expect.poll(() => restored.brought.length).toBeGreaterThan(0);
	carrying.stop();
	restored.breaksOff = false;
	carry(now, restored);
	await expect.poll(() => submittedOn(restored)).toEqual([...ids].sort());
	const handle = now.documents.open(name);
	await expect.poll(() => handle.doc.getMap('submitted').size).toBe(3);
	expect(restored.brought).toHaveLength(1);
	expect(now.documents.find(name)!.log.row.localHead).toBe(0);
});

test('S16 what is somebody else’s waits for them, is listed meanwhile, and is off the list once it came', async () => {
	const { ann, ben, restored, ids, bensClient } = await lost();
	restored.others.add(bensClient);
	answerFetch((url, init) => restored.answer(url, init));
	const anns = openTab(newEpoch(), ann);
	connect(anns, restored);
	carry(anns, restored);
	await expect.poll(() => submittedOn(restored)).toEqual([ids[0], ids[1]].sort());
	await expect.poll(() => anns.replica.refused.count()).toBe(1);
	const [listed] = await anns.replica.refused.toArray();
	expect(listed!.notAccepted.map(({ key }) => key)).toContain(ids[2]);
	expect(listed!.notAccepted.map(({ key }) => key)).not.toContain(ids[1]);

	restored.others.clear();
	const bens = openTab(newEpoch(), ben);
	connect(bens, restored);
	carry(bens, restored);
	await expect.poll(() => submittedOn(restored)).toEqual([...ids].sort());
	expect(clientOf(restored, ids[2]!)).toBe(bensClient);
	await expect.poll(() => anns.replica.refused.count()).toBe(0);
});

test('S16 of a batch that is not there any more own work is listed, unless it was out of reach before', async () => {
	for (const wasTheirs of [true, false]) {
		const { ann, annsEpoch, restored, ids } = await lost();
		restored.isGone = true;
		answerFetch((url, init) => restored.answer(url, init));
		if (wasTheirs) {
			const old = openReplica(annsEpoch, ann);
			await old.batches.put({ id: 'b1', project: 'reviews' } as ReplicaRows['batches']);
			old.close();
		}
		const now = openTab(newEpoch(), ann);
		connect(now, restored);
		await carryOver(now.documents, {
			epoch: now.replica.name,
			signal: new AbortController().signal,
			bringBack: () => Promise.resolve({ kind: 'missing' }),
		});
		const listed = await now.replica.refused.toArray();
		const keys = listed.flatMap(({ notAccepted }) => notAccepted.map(({ key }) => key));
		expect(ids.map((id) => keys.includes(id))).toEqual([wasTheirs, wasTheirs, false]);
	}
});

test('S16 the same server put back under an open page: own work alone goes over the socket, and others’ is brought', async () => {
	const [ann, ben] = [user(), user()];
	const server = new RestoredServer();
	answerFetch((url, init) => server.answer(url, init));
	const [anns, bens] = [openTab(newEpoch(), ann), openTab(newEpoch(), ben)];
	const handle = anns.documents.open(name);
	connect(anns, server);
	const bensSync = connect(bens, server);
	const first = label(anns, 'r1');
	const second = label(bens, 'r2');
	await expect.poll(() => handle.doc.getMap('submitted').size).toBe(2);
	await expect.poll(() => handle.saved).toBe('on the server');
	bensSync.stop();
	const bensClient = clientOf(server, second);

	server.reset(name);
	server.cut();
	await expect.poll(() => submittedOn(server)).toEqual([first]);
	expect([...server.doc(name).store.clients.keys()]).not.toContain(bensClient);
	const later = label(anns, 'r3');
	await expect.poll(() => submittedOn(server)).toEqual([first, later].sort());
	await expect.poll(() => handle.saved).toBe('on the server');

	carry(anns, server, { recovers: () => '2026-01-01T00:00:00Z' });
	await expect.poll(() => submittedOn(server)).toEqual([first, second, later].sort());
	expect(clientOf(server, second)).toBe(bensClient);
	expect(server.brought).toMatchObject([{ clients: [bensClient] }]);
});

test('S16 what builds on lost work of others waits for it, and is not called safe before', async () => {
	const [ann, ben] = [user(), user()];
	const server = new RestoredServer();
	answerFetch((url, init) => server.answer(url, init));
	const [anns, bens] = [openTab(newEpoch(), ann), openTab(newEpoch(), ben)];
	const handle = anns.documents.open(name);
	connect(anns, server, { silenceMs: 100 });
	const bensSync = connect(bens, server);
	label(bens, 'r1');
	await expect.poll(() => handle.doc.getMap('submitted').size).toBe(1);
	handle.transact((doc) => doc.getMap('draft').set('r1/v/sentiment', 'negative'));
	await expect.poll(() => handle.saved).toBe('on the server');
	bensSync.stop();

	server.reset(name);
	server.isDown = true;
	server.cut();
	const mine = label(anns, 'r2');
	await expect.poll(() => handle.saved).toBe('on this device');
	const attempts = server.attempts;
	server.isDown = false;
	await expect.poll(() => server.attempts).toBeGreaterThan(attempts + 2);
	expect(handle.saved).toBe('on this device');
	expect(submittedOn(server)).toEqual([]);

	carry(anns, server, { recovers: () => '2026-01-01T00:00:00Z' });
	await expect.poll(() => handle.saved).toBe('on the server');
	expect(submittedOn(server)).toContain(mine);
	expect(server.doc(name).getMap('draft').get('r1/v/sentiment')).toBe('negative');
});

test('S16 who only read sends nothing of others to a server that lost it, before or after it is noticed', async () => {
	const [ann, ben] = [user(), user()];
	const server = new RestoredServer();
	const [reader, writer] = [openTab(newEpoch(), ann), openTab(newEpoch(), ben)];
	const handle = reader.documents.open(name);
	connect(reader, server);
	const writing = connect(writer, server);
	const id = label(writer, 'r1');
	await expect.poll(() => handle.doc.getMap('submitted').size).toBe(1);
	await reader.documents.find(name)!.log.whenWritten();
	writing.stop();
	server.reset(name);
	server.cut();
	const cursors = server.cursors.length;
	await expect.poll(() => server.cursors.length).toBeGreaterThan(cursors);
	const own = label(reader, 'r2');
	await expect.poll(() => submittedOn(server)).toContain(own);
	expect(submittedOn(server)).not.toContain(id);
});
