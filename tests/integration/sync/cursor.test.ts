import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { formatCursor, parseCursor } from '#shared/wire/cursor.ts';
import { MemoryDisk } from '#sync-server/log/memory-log.ts';
import { cleanUpAfterEach, serversIn } from './cleanups.ts';
import type { SyncServer } from './sync-server.ts';
import { WireClient } from './wire-client.ts';

const cleanups = cleanUpAfterEach();
const server = serversIn(cleanups, { idleBytes: 0, headMs: 1 });
const answers = 'p/b/answers';
const empty = Uint8Array.of(0, 0);
const join = ({ url }: SyncServer, user: string, cursor?: string, document?: Y.Doc) =>
	WireClient.join(
		`${url}/${answers}?user=${user}${cursor === undefined ? '' : `&cursor=${cursor}`}`,
		{ ...(document && { document }), wakes: !cursor },
	);
const cursors = (client: WireClient): string[] =>
	client.heard.flatMap((message) => (message.kind === 'head' ? [message.cursor] : []));
const step2Of = (client: WireClient): Uint8Array[] =>
	client.heard.flatMap((message) => (message.kind === 'step2' ? [message.update] : []));

/** A document with something in it that nobody has open; what a client had of it, and how far that was. */
async function written(on: SyncServer): Promise<{ document: Y.Doc; cursor: string }> {
	const writer = await join(on, 'ada', '');
	for (const value of ['a', 'b', 'c'])
		writer.edit((document) => document.getMap('draft').set('i1/v/t', value));
	expect(await writer.barrier()).toBe('saved');
	const end = async () => formatCursor(await on.log.cursor(answers));
	while (cursors(writer).at(-1) !== (await end())) {
		const known = cursors(writer).length;
		await writer.until(() => cursors(writer).length > known);
	}
	await writer.close();
	expect(on.documents.stats().documents).toBe(0);
	return { document: writer.document, cursor: cursors(writer).at(-1)! };
}

describe('a client that has nothing', () => {
	for (const [who, address] of [
		['of ours', '&cursor='],
		['of any other make', ''],
		['that says so', '&cursor=0:0:0'],
	] as const)
		test(`${who} gets all of a document from the log, folded or not, and it stays on disk`, async () => {
			const on = await server();
			const { cursor } = await written(on);
			for (const upTo of [0, 2]) {
				if (upTo > 0) await on.log.compact(answers, upTo);
				const client = await WireClient.join(`${on.url}/${answers}?user=bob${address}`);
				expect(client.document.getMap('draft').toJSON()).toEqual({ 'i1/v/t': 'c' });
				expect(cursors(client)).toEqual(address ? [cursor] : []);
				expect(await client.barrier()).toBe('saved');
				await client.close();
			}
			expect(on.documents.stats()).toMatchObject({ documents: 0, answeredFromLog: 2 });
		});

	test('and writes before it was asked what it has, is heard by all', async () => {
		const on = await server();
		await written(on);
		const document = new Y.Doc();
		const client = new WireClient(`${on.url}/${answers}?user=bob`, { document });
		await client.opened();
		client.send({ kind: 'step1', stateVector: Y.encodeStateVector(document) });
		document.getMap('draft').set('i2/v/t', 'b'); // goes along with the answer to step 1
		await client.until(() => client.kinds().includes('step2'));
		expect(await client.barrier()).toBe('saved');
		const other = await join(on, 'ada', '');
		expect(other.document.getMap('draft').toJSON()).toEqual({ 'i1/v/t': 'c', 'i2/v/t': 'b' });
	});

	test('and says nothing for a second is spoken to', async () => {
		const on = await server();
		const client = new WireClient(`${on.url}/${answers}?user=bob`);
		await client.until(() => client.kinds().includes('step1'));
		expect(client.closedWith).toBeUndefined();
	});
});

describe('a client that says how far it is', () => {
	test('and has everything is told so from the log, and the document stays on disk', async () => {
		const on = await server();
		const { document, cursor } = await written(on);
		const client = await join(on, 'ada', cursor, document);
		expect(step2Of(client)).toEqual([empty]);
		expect(await client.barrier()).toBe('saved');
		client.send({ kind: 'queryAwareness' });
		client.send({ kind: 'awareness', update: Uint8Array.of(0) });
		expect(await client.barrier('2')).toBe('saved');
		expect(client.kinds()).not.toContain('step1');
		expect(cursors(client)).toEqual([cursor]);
		expect(on.documents.stats()).toMatchObject({ documents: 0, answeredFromLog: 1 });
	});

	test('and lacks a little gets it from the log, deletions too', async () => {
		const on = await server();
		const { document, cursor } = await written(on);
		const other = await join(on, 'bob');
		other.edit((one) => one.getMap('draft').delete('i1/v/t'));
		expect(await other.barrier()).toBe('saved');
		await other.close();
		const client = await join(on, 'ada', cursor, document);
		expect(client.document.getMap('draft').size).toBe(0);
		expect(cursors(client).at(-1)).toBe(formatCursor(await on.log.cursor(answers)));
		expect(on.documents.stats()).toMatchObject({ documents: 0, answeredFromLog: 1 });
	});

	test('hears what others write afterwards, and its own writes are taken', async () => {
		const on = await server();
		const { document, cursor } = await written(on);
		const first = await join(on, 'ada', cursor, document);
		const second = await join(on, 'ada', cursor);
		expect(on.documents.stats().documents).toBe(0);
		first.edit((one) => one.getMap('draft').set('i2/v/t', 'new'));
		expect(await first.barrier()).toBe('saved');
		await second.until(() => second.kinds().includes('update'));
		const stock = await join(on, 'bob');
		stock.edit((one) => one.getMap('draft').set('i3/v/t', 'from a stock client'));
		await first.until(() => first.document.getMap('draft').has('i3/v/t'));
		expect(stock.document.getMap('draft').toJSON()).toEqual(
			first.document.getMap('draft').toJSON(),
		);
		expect(stock.kinds()).not.toContain('head');
	});

	test('in a document that others have open, likewise', async () => {
		const on = await server();
		const { document, cursor } = await written(on);
		const other = await join(on, 'bob');
		const client = await join(on, 'ada', cursor, document);
		expect(step2Of(client)).toEqual([empty]);
		expect(cursors(client)).toEqual([cursor]);
		other.edit((one) => one.getMap('draft').set('i2/v/t', 'new'));
		await client.until(() => client.document.getMap('draft').has('i2/v/t'));
		await client.until(() => cursors(client).length === 2);
		expect(cursors(client)[1]).toBe(formatCursor(await on.log.cursor(answers)));
	});

	test('and asks twice is answered in full', async () => {
		const on = await server();
		const { cursor } = await written(on);
		const liar = await join(on, 'ada', cursor, new Y.Doc());
		expect(liar.document.getMap('draft').size).toBe(0);
		liar.send({ kind: 'step1', stateVector: Y.encodeStateVector(liar.document) });
		await liar.until(() => step2Of(liar).length === 2);
		expect(liar.document.getMap('draft').toJSON()).toEqual({ 'i1/v/t': 'c' });
	});

	test('that is of another log, of the future, or folded away gets the whole', async () => {
		const on = await server();
		const { document, cursor } = await written(on);
		const { epoch, seq, check } = parseCursor(cursor)!;
		await on.log.compact(answers, seq - 1);
		for (const other of [
			{ epoch: epoch + 1, seq, check },
			{ epoch, seq, check: (check ^ 1) >>> 0 },
			{ epoch, seq: seq + 1, check },
			{ epoch, seq: seq - 1, check },
		]) {
			const client = await join(on, 'ada', formatCursor(other), new Y.Doc());
			expect(client.kinds()).toContain('step1');
			expect(client.document.getMap('draft').toJSON()).toEqual({ 'i1/v/t': 'c' });
			await client.close();
		}
		const known = await join(on, 'ada', cursor, document);
		expect(known.kinds()).not.toContain('step1');
		expect(on.documents.stats().answeredFromLog).toBe(1);
	});

	test('is told no head while it waits for something that is not on disk yet', async () => {
		const disk = new MemoryDisk();
		const on = await server({ disk });
		await written(on);
		const writer = await join(on, 'ada', '');
		writer.edit((document) => document.getMap('draft').set('i1/v/t', 'd'));
		expect(await writer.barrier('1')).toBe('saved');
		const before = formatCursor(await on.log.cursor(answers));
		await writer.until(() => cursors(writer).includes(before));
		const reader = new WireClient(`${on.url}/${answers}?user=bob&cursor=`);
		await reader.opened();
		const isTaken = async (client: WireClient): Promise<void> => {
			const said = client.kinds().length;
			client.send({ kind: 'queryAwareness' });
			await client.until(() => client.kinds().indexOf('awareness', said) >= 0);
		};
		const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
		cleanups.push(() => second.resolve());
		disk.ready = first.promise;
		writer.edit((document) => document.getMap('draft').set('i1/v/t', 'e'));
		await isTaken(writer);
		disk.ready = second.promise;
		writer.edit((document) => document.getMap('draft').set('i2/v/t', 'b'));
		await isTaken(writer);
		reader.send({ kind: 'step1', stateVector: Y.encodeStateVector(reader.document) });
		await isTaken(reader);
		// The writer hears how far the disk is; the reader has not even got its first answer.
		first.resolve();
		await writer.until(() => cursors(writer).at(-1) !== before);
		await isTaken(reader);
		expect(reader.kinds()).not.toContain('step2');
		expect(cursors(reader)).toEqual([]);
		second.resolve();
		await reader.until(() => cursors(reader).length > 0);
		expect(reader.document.getMap('draft').size).toBe(2);
	});

	test('loses its rights like everybody', async () => {
		const on = await server();
		const { document, cursor } = await written(on);
		const client = await join(on, 'ada', cursor, document);
		on.tables.standings.set(`ada ${answers}`, undefined);
		on.documents.rightsChanged({ project: 'p', user: 'ada' });
		await client.until(() => false);
		expect(client.closedWith).toBe(4404);
		const again = new WireClient(`${on.url}/${answers}?user=ada&cursor=${cursor}`);
		await again.until(() => false);
		expect([again.closedWith, again.kinds()]).toEqual([4404, []]);
	});

	test('and shows itself is seen by the others', async () => {
		const on = await server();
		const { document, cursor } = await written(on);
		const first = await join(on, 'ada', cursor, document);
		const other = await join(on, 'bob', cursor);
		// One client, id 7, clock 1, with a state.
		const state = new TextEncoder().encode('{"item":"i1"}');
		first.send({ kind: 'awareness', update: Uint8Array.of(1, 7, 1, state.length, ...state) });
		const shown = (client: WireClient): boolean =>
			client.heard.some((message) => message.kind === 'awareness' && message.update.length > 5);
		await other.until(() => shown(other));
		expect(on.documents.stats().documents).toBe(1);
	});
});
