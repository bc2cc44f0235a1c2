import { expect, test } from 'vitest';
import { MemoryDisk } from '#sync-server/log/memory-log.ts';
import { cleanUpAfterEach, serversIn } from './cleanups.ts';
import { startSyncServer, TestTables } from './sync-server.ts';
import { WireClient } from './wire-client.ts';

const cleanups = cleanUpAfterEach();
const server = serversIn(cleanups);

const answers = 'p/b/answers';
const others = 'p/c/answers';
const day = 24 * 60 * 60_000;
const draft = (client: WireClient) => client.document.getMap('draft');
const write = (client: WireClient, value: unknown) =>
	client.edit((document) => document.getMap('draft').set('i1/v/t', value));

function twoBatches(): TestTables {
	const tables = new TestTables();
	tables.batches.add('c');
	return tables;
}

/** Waits for the next word that a server says to everybody now and then. */
async function nextTick(client: WireClient): Promise<void> {
	const heard = client.heard.length;
	await client.until(() => client.heard.slice(heard).some(({ kind }) => kind === 'awareness'));
}

test('a clock that is set a day forward or back closes nobody, and nothing is received before what came earlier', async () => {
	const { url, disk, time, documents } = await server({ tickMs: 50, headMs: 1 });
	const client = await WireClient.join(`${url}/${answers}?user=ada&cursor=`);
	for (const [index, setOffMs] of [0, day, -day, 0].entries()) {
		time.setOffMs = setOffMs;
		await nextTick(client);
		const heads = client.kinds().filter((kind) => kind === 'head').length;
		write(client, index);
		expect(await client.barrier(`${index}`)).toBe('saved');
		await client.until(() => client.kinds().filter((kind) => kind === 'head').length > heads);
	}
	expect(client.closedWith).toBeUndefined();
	expect(documents.stats()).toMatchObject({ connections: 1, closedSlowReaders: 0 });
	const start = time.now;
	const times = disk.documents.get(answers)!.updates.map(({ at }) => at - start);
	expect(times).toEqual([0, day, day, day]);
});

test('a refusal is forgotten after a minute that passed, not after one that a clock was set', async () => {
	const { url, time } = await server();
	const client = await WireClient.join(`${url}/${answers}`, { answers: false });
	const refuse = () => client.send({ kind: 'update', update: Uint8Array.of(9, 9, 9) });
	refuse();
	refuse();
	client.send({ kind: 'queryAwareness' });
	await client.until(() => client.kinds().filter((kind) => kind === 'awareness').length === 2);
	time.setOffMs = day;
	refuse();
	await client.until(() => false);
	expect(client.closedWith).toBe(4409);
});

test('S1 S9 while the disk stalls nothing is acknowledged, reading goes on, memory stays bounded and nobody is cut off', async () => {
	const disk = new MemoryDisk();
	const { url, time, documents } = await server({ disk, tables: twoBatches(), tickMs: 5 });
	const writer = await WireClient.join(`${url}/${answers}?user=ada`);
	const reader = await WireClient.join(`${url}/${others}?user=bob`);
	write(reader, 'before');
	expect(await reader.barrier('before')).toBe('saved');
	let release = (): void => undefined;
	disk.ready = new Promise((resolve) => (release = resolve));
	cleanups.push(() => release());

	const large = 'x'.repeat(50_000);
	for (let index = 0; index < 250; index++)
		writer.edit((document) => document.getMap('draft').set(`i${index}/v/t`, large));
	const saved = writer.barrier('all');
	await expect.poll(() => documents.stats().receivedBytes).toBeGreaterThan(2 * 2 ** 20);
	for (let step = 0; step < 6; step++) {
		time.now += 10_000;
		const steps = reader.kinds().filter((kind) => kind === 'step2').length;
		reader.send({ kind: 'step1', stateVector: Uint8Array.of(0) });
		await reader.until(() => reader.kinds().filter((kind) => kind === 'step2').length > steps);
		await nextTick(reader);
	}
	expect(writer.kinds()).not.toContain('barrier');
	expect(writer.kinds()).not.toContain('update');
	expect(documents.stats().receivedBytes).toBeLessThan(4_000_000);
	expect([writer.closedWith, reader.closedWith]).toEqual([undefined, undefined]);

	release();
	expect(await saved).toBe('saved');
	const again = await WireClient.join(`${url}/${answers}?user=eve`);
	expect(draft(again).size).toBe(250);
	expect(documents.stats().connections).toBe(3);
});

test('S3 S9 a damaged document that everybody asks for again and again holds up nobody else', async () => {
	const disk = new MemoryDisk();
	const first = await startSyncServer({ disk, tables: twoBatches() });
	const before = await WireClient.join(`${first.url}/${answers}`);
	write(before, 'a');
	await before.barrier();
	await first.close();
	disk.documents.get(answers)!.updates[0]!.data[5]! ^= 255;

	const { url, documents } = await server({ disk, tables: twoBatches() });
	const healthy = await WireClient.join(`${url}/${others}`);
	const refused = await Promise.all(
		Array.from({ length: 40 }, async (_, index) => {
			for (let again = 0; again < 3; again++) {
				const client = new WireClient(`${url}/${answers}?user=u${index}`);
				await client.until(() => false);
				expect([client.closedWith, client.kinds()]).toEqual([1013, []]);
			}
			write(healthy, index);
			return healthy.barrier(`${index}`);
		}),
	);
	expect(refused).toEqual(refused.map(() => 'saved'));
	expect(documents.stats()).toMatchObject({ connections: 1, documents: 1 });
});

test('S5 a document whose updates take the gate too long refuses them and holds up no other', async () => {
	const { url } = await server({ tables: twoBatches(), aside: { judgeLimitMs: 0 } });
	const eve = await WireClient.join(`${url}/${answers}?user=eve`);
	const ada = await WireClient.join(`${url}/${others}?user=ada`);
	expect(await eve.barrier('0')).toBe('saved');
	eve.edit((document) => {
		for (let index = 0; index < 20_000; index++)
			document.getMap('draft').set(`i${index}/v/t`, index);
	});
	const verdict = eve.barrier('1');
	for (let index = 0; index < 20; index++) {
		write(ada, index);
		expect(await ada.barrier(`${index}`)).toBe('saved');
	}
	expect(await verdict).toMatchObject({ code: expect.any(Number) as number });
});

test('a document whose entries the tables never take holds up no other, nor its own drafts', async () => {
	class Poisoned extends TestTables {
		override project(...[change]: Parameters<TestTables['project']>): Promise<void> {
			if (change.name === answers) return Promise.reject(new Error('poisoned'));
			return super.project(change);
		}
	}
	const tables = new Poisoned();
	tables.batches.add('c');
	const { url } = await server({ tables, compactionRows: 5 });
	const submitted = {
		...{ item: 'i1', by: 'x', at: '2026-01-01T00:00:00Z', spentMs: 1, schema: 1 },
		...{ answer: { values: {}, regions: [], texts: {} }, guess: 'none', after: [] },
	};
	const clients = await Promise.all(
		[answers, others].map((path) => WireClient.join(`${url}/${path}`)),
	);
	for (let index = 0; index < 20; index++)
		for (const client of clients) {
			client.edit((document) => document.getMap('submitted').set(`s${index}`, submitted));
			expect(await client.barrier(`${index}`)).toBe('saved');
		}
	await expect
		.poll(() => tables.changes.flatMap(({ entries }) => entries.map(({ key }) => key)))
		.toEqual(Array.from({ length: 20 }, (_, index) => `s${index}`));
	expect(new Set(tables.changes.map(({ name }) => name))).toEqual(new Set([others]));
	write(clients[0]!, 'still');
	expect(await clients[0]!.barrier('still')).toBe('saved');
});
