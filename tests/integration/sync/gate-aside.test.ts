import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { GateAside, GateBusy } from '#sync-server/documents/gate/gate-aside.ts';
import { limits } from '#sync-server/documents/gate/limits.ts';
import type { WriteVerdict } from '#sync-server/documents/document/writer.ts';
import { honestDocument, hostileUpdates, submission } from '../../unit/sync/hostile-updates.ts';
import { cleanUpAfterEach, serversIn } from './cleanups.ts';
import { openDocument, writer } from './open-document.ts';
import { WireClient } from './wire-client.ts';

const cleanups = cleanUpAfterEach();
const server = serversIn(cleanups);

const answers = 'p/b/answers';
const weeksOfWork = (document: Y.Doc): void => {
	for (let index = 0; index < 5_000; index++)
		document.getMap('draft').set(`i${index}/v/t`, { value: index });
};

const [ada, eve] = [writer('ada'), writer('eve')];
const word = (verdict: WriteVerdict): string =>
	verdict.kind === 'refuse' ? verdict.refusal : verdict.kind;

describe('S5 large updates are judged beside the main thread', () => {
	test('what is sent after one waits for it, and its barrier covers both', async () => {
		const { url, documents } = await server();
		const client = await WireClient.join(`${url}/${answers}?user=ada`);
		expect(client.edit(weeksOfWork).length).toBeGreaterThan(limits.mainThreadBytes);
		client.edit((document) => document.getMap('draft').set('i0/v/t', 'last'));
		expect(await client.barrier()).toBe('saved');
		expect(documents.stats()).toMatchObject({ judgedAside: 1, resyncs: 0, refused: 0 });
		const reader = await WireClient.join(`${url}/${answers}?user=bob`);
		expect(reader.document.getMap('draft').toJSON()).toEqual(
			client.document.getMap('draft').toJSON(),
		);
	});

	test('one that takes too long is refused, its thread is ended, and others go on', async () => {
		const { url } = await server({ aside: { judgeLimitMs: 1 } });
		const client = await WireClient.join(`${url}/${answers}?user=eve`);
		expect(await client.barrier('0')).toBe('saved');
		client.edit(weeksOfWork);
		expect(await client.barrier('1')).toMatchObject({ code: 8 });
		const other = await WireClient.join(`${url}/${answers}?user=bob`);
		other.edit((document) => document.getMap('draft').set('i1/v/t', 'a'));
		expect(await other.barrier()).toBe('saved');
		expect(other.document.getMap('draft').size).toBe(1);
	});

	test('one that takes too much memory is refused, and others go on', async () => {
		const { url } = await server({ aside: { heapMegabytes: 24 } });
		const client = await WireClient.join(`${url}/${answers}?user=eve`);
		client.edit((document) => {
			for (let index = 0; index < 100_000; index++)
				document.getMap('draft').set(`i${index % 100}/v/t`, index);
		});
		expect(await client.barrier('1')).toMatchObject({ code: 8 });
		const other = await WireClient.join(`${url}/${answers}?user=bob`);
		other.edit(weeksOfWork);
		expect(await other.barrier()).toBe('saved');
		expect(other.document.getMap('draft').size).toBe(5_000);
	});

	test('who is judged when the server ends is not refused', async () => {
		const aside = new GateAside();
		const document = await openDocument(cleanups, { aside });
		const large = new Y.Doc();
		weeksOfWork(large);
		const judging = document.write(Y.encodeStateAsUpdate(large), ada);
		const closing = aside.close();
		await expect(judging).rejects.toBeInstanceOf(GateBusy);
		await closing;
	});

	test('the hostile: none holds the main thread for 100 ms, each is judged as in it', async () => {
		const honest = honestDocument();
		const document = await openDocument(cleanups);
		const prepared = Y.encodeStateAsUpdate(honest);
		expect(word(await document.write(prepared, ada))).toBe('ok');
		for (const { name, update, verdict } of hostileUpdates(honest)) {
			const before = process.threadCpuUsage();
			const judging = document.write(update, eve);
			const { user, system } = process.threadCpuUsage(before);
			expect([name, (user + system) / 1000 < 100]).toEqual([name, true]);
			expect([name, word(await judging)]).toEqual([name, verdict]);
		}
		expect(document.difference(Y.encodeStateVector(honest))).toEqual(Uint8Array.of(0, 0));
	});

	test('a verdict does not outlive what it hung on', async () => {
		const document = await openDocument(cleanups);
		const large = new Y.Doc();
		large.transact(() => {
			weeksOfWork(large);
			large.getMap('submitted').set('s1', submission('positive'));
		});
		const judging = document.write(Y.encodeStateAsUpdate(large), ada);
		const other = new Y.Doc();
		other.getMap('submitted').set('s1', submission('negative'));
		expect(word(await document.write(Y.encodeStateAsUpdate(other), eve))).toBe('ok');
		expect(word(await judging)).toBe('authored');
		// A client id that somebody else took meanwhile, likewise.
		const forged = new Y.Doc();
		weeksOfWork(forged);
		const again = document.write(Y.encodeStateAsUpdate(forged), eve);
		const first = new Y.Doc();
		first.clientID = forged.clientID;
		first.getMap('draft').set('i1/v/t', 'mine');
		expect(word(await document.write(Y.encodeStateAsUpdate(first), ada))).toBe('ok');
		expect(word(await again)).toBe('foreignClient');
	});

	test('a right that is lost while it is judged counts', async () => {
		const document = await openDocument(cleanups);
		const large = new Y.Doc();
		weeksOfWork(large);
		let mayWrite = true;
		const writer = { user: 'ada', version: 0, mayWrite: () => mayWrite };
		const judging = document.write(Y.encodeStateAsUpdate(large), writer);
		mayWrite = false;
		expect(word(await judging)).toBe('notAllowed');
	});

	test('only so many wait; people take turns', async () => {
		const aside = new GateAside({ waiting: 3 });
		cleanups.push(() => aside.close());
		const done: string[] = [];
		const ask = async (user: string): Promise<void> => {
			const [document, owners] = [new Y.Doc(), new Map<number, string>()];
			weeksOfWork(document);
			const update = Y.encodeStateAsUpdate(document);
			const readState = () => Promise.resolve({ updates: [] });
			const job = { update, readState, part: 'answers', user, owners, isMeasured: false } as const;
			expect(await aside.inspect(job)).toMatchObject({ kind: 'ok' });
			done.push(user);
		};
		const asked = [ask('eve'), ask('eve'), ask('eve'), ask('ada')];
		await expect(ask('bob')).rejects.toBeInstanceOf(GateBusy);
		await Promise.all(asked);
		expect(done).toEqual(['eve', 'eve', 'ada', 'eve']);
	});
});
