import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import type { LostClients, RecoveredClients } from '#shared/wire/brought-back.ts';
import { writeBroughtBack } from '#shared/wire/brought-back.ts';
import { findingRecoverable } from '#app/documents/restored/recoverable-update.ts';
import { backup } from '#sync-server/operator/backup.ts';
import { restore } from '#sync-server/operator/restore.ts';
import { WireClient } from '../sync/wire-client.ts';
import { startTestServer, type Client, type TestServer } from './test-server.ts';
import { toTheEnd } from '../../support/to-the-end.ts';

let folder: string;
let server: TestServer;
let people: Client[];
let batch: string;
const [ada, bob] = [0, 1];

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'flywheel-recovery-'));
	server = await startTestServer({ home: join(folder, 'home') });
	const items = ['i1', 'i2', 'i3', 'i4', 'i5', 'i6'].map((id) => ({ id, data: { text: id } }));
	await server.makeProject('Lost', items);
	people = [
		await server.person('Ada', { project: 'lost', role: 'reviewer' }),
		await server.person('Bob', { project: 'lost', role: 'reviewer' }),
	];
	[batch] = await server.makeBatches('lost', {
		choose: { by: 'oldest', count: 6 },
		members: people.map(({ user }) => user),
	});
});
afterEach(async () => {
	await server.close();
	await rm(folder, { recursive: true, force: true });
});

const path = (): string => `lost/${batch}/answers`;
const join_ = (who: number, document = new Y.Doc()): Promise<WireClient> =>
	WireClient.join(
		`${server.url.replace('http', 'ws')}/sync/${path()}?token=${people[who]!.token}`,
		{ document },
	);

const submission = (item: string, by: string, value: string) => ({
	item,
	by,
	at: '2026-01-01T00:00:00Z',
	spentMs: 10,
	schema: 1,
	answer: { values: { sentiment: value }, regions: [], texts: {} },
	guess: 'none',
	after: [],
});

async function submit(client: WireClient, who: number, item: string, value = 'positive') {
	const id = `${item}-by-${people[who]!.user}`;
	client.edit((document) => {
		document.getMap('draft').set(`${item}/v/sentiment`, value);
		document.getMap('submitted').set(id, submission(item, people[who]!.user, value));
	});
	expect(await client.barrier(id)).toBe('saved');
	return id;
}

/** What a browser does with a document that it has and the server lost. */
async function bringBack(who: number, doc: Y.Doc, own = [doc.clientID]): Promise<number> {
	const { token } = people[who]!;
	const address = `${server.url}/api/sync/recovery?document=${encodeURIComponent(path())}`;
	const headers = { Authorization: `Bearer ${token}` };
	const asked = await fetch(address, { headers });
	if (!asked.ok) return asked.status;
	const { others, recovered } = (await asked.json()) as LostClients;
	const reader = await join_(who);
	const state = reader.document;
	const { update } = toTheEnd(
		findingRecoverable(doc, {
			clocks: Y.decodeStateVector(Y.encodeStateVector(state)),
			state,
			mayBring: (client) => !others.includes(client),
			isOwn: (client) => own.includes(client) && !recovered.includes(client),
		}),
	);
	await reader.close();
	if (!update) return 204;
	return send(who, update, own);
}

/** The Yjs client ids of what was brought back, as somebody is told; the status where they are not. */
async function recoveredClients(who: number): Promise<readonly number[] | number> {
	const reply = await fetch(
		`${server.url}/api/sync/recovered?document=${encodeURIComponent(path())}`,
		{ headers: { Authorization: `Bearer ${people[who]!.token}` } },
	);
	if (!reply.ok) return reply.status;
	return ((await reply.json()) as RecoveredClients).clients;
}

async function send(who: number, update: Uint8Array, own: readonly number[]): Promise<number> {
	const reply = await fetch(
		`${server.url}/api/sync/recovery?document=${encodeURIComponent(path())}`,
		{
			method: 'POST',
			headers: { Authorization: `Bearer ${people[who]!.token}` },
			body: writeBroughtBack({
				version: 1,
				ownClients: own,
				update,
			}) as Uint8Array<ArrayBuffer>,
		},
	);
	return reply.status;
}

/** Puts the backup back, after what the browsers hold was done. */
async function restoreFrom(file: string, options: Parameters<typeof startTestServer>[0] = {}) {
	await server.close();
	const { missing } = await restore(file, server.home);
	server = await startTestServer({ ...options, home: server.home });
	return missing;
}

const authors = async (item: string): Promise<string[]> => {
	const { history } = await server.ownerClient.json<{ history: { by: string }[] }>(
		'GET',
		`/api/projects/lost/items/${item}`,
	);
	return history.map(({ by }) => by);
};

describe('S16 a restored server gets back what browsers still have', () => {
	test('each one’s own, and others’ marked as recovered, once; what nobody has stays lost', async () => {
		const adas = await join_(ada);
		const bobs = await join_(bob);
		await submit(adas, ada, 'i1');
		await submit(bobs, bob, 'i2');
		const file = join(folder, 'backup.tar.gz');
		await backup(server.home, file);

		await submit(adas, ada, 'i3');
		await submit(bobs, bob, 'i4', 'negative');
		// Bob opens it anew, and this browser of his is lost afterwards: only Ada has what he did in it.
		const lost = await join_(bob);
		await submit(lost, bob, 'i5');
		await adas.until(() => adas.document.getMap('submitted').size === 5);
		await submit(lost, bob, 'i6');
		await adas.until(() => adas.document.getMap('submitted').size === 6);
		await Promise.all([adas.close(), bobs.close(), lost.close()]);
		const adasDoc = copyOf(adas.document, adas.document.clientID);

		expect(await restoreFrom(file)).toMatch(/may be missing\. Until .* bring it back/);
		expect(server.recovery.current).toBeDefined();
		expect(await authors('i3')).toEqual([]);
		expect(await bringBack(ada, adasDoc)).toBe(200);
		expect(await bringBack(ada, adasDoc)).toBe(204);
		await expect.poll(() => authors('i6')).toEqual([`recovered:${people[ada]!.user}`]);
		expect(await authors('i3')).toEqual([people[ada]!.user]);
		for (const reader of [ada, bob])
			expect(await recoveredClients(reader)).toEqual([lost.document.clientID]);
		expect(await authors('i5')).toEqual([`recovered:${people[ada]!.user}`]);
		// His old client id is his, so what he wrote with it after the backup is for him to bring.
		expect(await authors('i4')).toEqual([]);
		expect(await bringBack(bob, copyOf(bobs.document, bobs.document.clientID))).toBe(200);
		await expect.poll(() => authors('i4')).toEqual([people[bob]!.user]);
		expect(await authors('i5')).toEqual([`recovered:${people[ada]!.user}`]);

		const reader = await join_(bob);
		expect(reader.document.getMap('submitted').size).toBe(6);
		expect(reader.document.getMap('draft').toJSON()).toMatchObject({
			'i3/v/sentiment': 'positive',
			'i4/v/sentiment': 'negative',
		});
		await reader.close();
		// It is in the log, not only in memory.
		await server.close();
		server = await startTestServer({ home: server.home });
		const again = await join_(ada);
		expect(again.document.getMap('submitted').size).toBe(6);
		await again.close();
	});

	test('a client id that somebody owns is theirs, whoever claims it; bad bytes are refused', async () => {
		const bobs = await join_(bob);
		await submit(bobs, bob, 'i1');
		const file = join(folder, 'backup.tar.gz');
		await backup(server.home, file);
		await bobs.close();
		await restoreFrom(file);
		const forged = copyOf(bobs.document, bobs.document.clientID);
		forged.getMap('submitted').set('forged', submission('i2', people[bob]!.user, 'negative'));
		const update = Y.encodeStateAsUpdate(forged);
		expect(await send(ada, update, [bobs.document.clientID])).toBe(409);
		expect(await send(ada, update, [])).toBe(409);
		expect(await send(ada, Uint8Array.of(1, 2, 3), [])).toBe(409);
		expect(await authors('i2')).toEqual([]);
		expect(await send(bob, update, [bobs.document.clientID])).toBe(200);
	});

	test('only while it recovers, and only for who may write', async () => {
		const adas = await join_(ada);
		const file = join(folder, 'backup.tar.gz');
		await backup(server.home, file);
		await submit(adas, ada, 'i1');
		await adas.close();
		const doc = copyOf(adas.document, adas.document.clientID);
		expect(await bringBack(ada, doc)).toBe(409);
		expect(await recoveredClients(ada)).toEqual([]);

		const hour = 60 * 60_000;
		let laterMs = 0;
		await restoreFrom(file, { recoveryMs: hour, now: () => Date.now() + laterMs });
		const viewer = await server.person('Eve', { project: 'lost', role: 'viewer' });
		const labeler = await server.person('Leo', { project: 'lost', role: 'labeler' });
		people.push(viewer, labeler);
		expect(await bringBack(2, doc)).toBe(404);
		expect(await recoveredClients(2)).toEqual([]);
		expect(await recoveredClients(3)).toBe(404); // no member of the batch
		laterMs = hour;
		expect(await bringBack(ada, doc)).toBe(409);
		laterMs = 0;
		expect(await bringBack(ada, doc)).toBe(200);
	});

	test('an older log beside newer tables is noticed at the start, and what is new is projected', async () => {
		const adas = await join_(ada);
		await submit(adas, ada, 'i1');
		await adas.close();
		await server.close();
		const log = join(server.home, 'updates.db');
		await copyFile(log, join(folder, 'updates.db'));
		server = await startTestServer({ home: server.home });
		expect(server.recovery.current).toBeUndefined();
		const later = await join_(ada, adas.document);
		await submit(later, ada, 'i2');
		await submit(later, ada, 'i3');
		await later.close();
		await server.close();
		for (const name of ['updates.db-wal', 'updates.db-shm'])
			await rm(join(server.home, name), { force: true });
		await copyFile(join(folder, 'updates.db'), log);

		server = await startTestServer({ home: server.home });
		expect(server.recovery.current).toMatchObject({ missingFrom: null });
		const bobs = await join_(bob);
		expect(bobs.document.getMap('submitted').size).toBe(1);
		await submit(bobs, bob, 'i4');
		await expect.poll(() => authors('i4')).toEqual([people[bob]!.user]);
		expect(await bringBack(bob, copyOf(adas.document, 1), [])).toBe(204);
		expect(await bringBack(ada, copyOf(adas.document, 1), [adas.document.clientID])).toBe(200);
		await bobs.until(() => bobs.document.getMap('submitted').size === 4);
		await bobs.close();
	});
});

function copyOf(document: Y.Doc, client: number): Y.Doc {
	const copy = new Y.Doc();
	Y.applyUpdate(copy, Y.encodeStateAsUpdate(document));
	copy.clientID = client;
	return copy;
}
