import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as Y from 'yjs';
import { MemoryDisk, openMemoryLog } from '#sync-server/log/memory-log.ts';
import type { UpdateLog } from '#sync-server/log/update-log.ts';
import { serverEnvironment, serverFlags } from '#sync-server/operator/server-command.ts';
import { CommitFaults, openFaultyLog } from '../../support/faulty-disk.ts';
import { residentMb } from '../../bench/resident-memory.ts';
import { cleanUpAfterEach, serversIn } from './cleanups.ts';
import { WireClient } from './wire-client.ts';

const cleanups = cleanUpAfterEach();
const server = serversIn(cleanups);

const text = 'x'.repeat(30_000);

/** Writes so many values of 30 kB, whether or not they are taken. */
function writeMuch(client: WireClient, count: number): void {
	for (let index = 0; index < count; index++)
		client.edit((document) => document.getMap('draft').set(`i${index % 5}/v/t`, `${index}${text}`));
}

/** Resolves once something holds, looked at in every turn. */
async function until(holds: () => boolean): Promise<void> {
	while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

/** A log on a disk that can be held back: what comes back lets it go on. */
interface StallingLog {
	readonly log: UpdateLog;
	readonly stall: () => Promise<() => void>;
}

function memoryLog(): Promise<StallingLog> {
	const disk = new MemoryDisk();
	return Promise.resolve({
		log: openMemoryLog(disk),
		stall() {
			const { promise, resolve } = Promise.withResolvers<void>();
			disk.ready = promise;
			cleanups.push(resolve);
			return Promise.resolve(resolve);
		},
	});
}

function newFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), 'bounded-memory-'));
	cleanups.push(() => rmSync(folder, { recursive: true, maxRetries: 5 }));
	return folder;
}

async function sqliteLog(): Promise<StallingLog> {
	const faults = new CommitFaults();
	const log = await openFaultyLog({ file: join(newFolder(), 'updates.db') }, faults);
	cleanups.push(() => log.close());
	return {
		log,
		async stall() {
			const release = (): void => faults.stall(false);
			cleanups.push(release);
			faults.stall(true);
			// Nothing is read either as soon as one commit is under way.
			const { append } = await log.open('p/stalled/notes');
			void append({ user: 'eve', client: 1, at: 0, data: Uint8Array.of(0, 0), claims: [] });
			await until(() => faults.isHolding);
			return release;
		},
	};
}

const logs = [
	['in memory', memoryLog],
	['in SQLite', sqliteLog],
] as const;

describe.each(logs)(
	'S9 what clients send and the disk has not taken yet, the log %s',
	(_, open) => {
		test('is bounded for everybody together; all of it is taken in the end', async () => {
			const { log, stall } = await open();
			const { url, documents } = await server({ log, received: { totalBytes: 1_000_000 } });
			const names = Array.from({ length: 10 }, (_, index) => `${url}/p/b/answers?user=u${index}`);
			const clients = await Promise.all(names.map((one) => WireClient.join(one)));
			const release = await stall();
			for (const client of clients) writeMuch(client, 40);
			await until(() => documents.stats().pausedConnections === clients.length);
			// Each may have one frame more in what was read with the last one: a chunk of the network is 64 kB.
			expect(documents.stats().receivedBytes).toBeGreaterThan(1_000_000);
			expect(documents.stats().receivedBytes).toBeLessThan(1_000_000 + clients.length * 100_000);
			release();
			expect(await Promise.all(clients.map((client) => client.barrier()))).toEqual(
				clients.map(() => 'saved'),
			);
			await until(() => documents.stats().pausedConnections === 0);
			expect(documents.stats()).toMatchObject({ receivedBytes: 0, refused: 0 });
			const reader = await WireClient.join(`${url}/p/b/answers?user=reader`);
			expect(reader.document.getMap('draft').size).toBe(5);
		});

		test('is bounded for a document, and nobody pays for it in another', async () => {
			const { log, stall } = await open();
			const { url, documents } = await server({ log, received: { documentBytes: 300_000 } });
			const ada = await WireClient.join(`${url}/p/b/answers?user=ada`);
			const bob = await WireClient.join(`${url}/p/b/notes?user=bob`);
			const release = await stall();
			writeMuch(ada, 40);
			await until(() => documents.stats().pausedConnections === 1);
			const before = documents.stats().receivedBytes;
			expect(before).toBeLessThan(400_000);
			bob.send({ kind: 'update', update: Uint8Array.of(0, 0) });
			await until(() => documents.stats().pausedConnections === 1);
			release();
			expect([await ada.barrier(), await bob.barrier()]).toEqual(['saved', 'saved']);
		});

		test('counts while it waits for its document, and no more once its client is gone', async () => {
			const { log, stall } = await open();
			const { url, documents } = await server({ log });
			const release = await stall();
			const client = new WireClient(`${url}/p/b/answers`);
			await client.opened();
			writeMuch(client, 10);
			await until(() => documents.stats().receivedBytes > 300_000);
			await client.close();
			await until(() => documents.stats().receivedBytes === 0);
			release();
		});

		test('a client that is read from again after long is not taken for one that is gone', async () => {
			const { log, stall } = await open();
			const limits = { received: { totalBytes: 100_000 }, tickMs: 5 };
			const { url, documents, time } = await server({ log, ...limits });
			const client = await WireClient.join(`${url}/p/b/answers`);
			const other = await WireClient.join(`${url}/p/b/notes`);
			const release = await stall();
			writeMuch(client, 10);
			await until(() => documents.stats().pausedConnections === 1);
			for (let step = 0; step < 6; step++) {
				time.now += 10_000;
				const heard = other.heard.length;
				await other.until(() => other.heard.length > heard);
				other.send({ kind: 'queryAwareness' });
				await other.until(() => other.heard.length > heard + 1);
			}
			release();
			expect(await client.barrier()).toBe('saved');
		});
	},
);

test.each(logs)(
	'S9 of documents that nobody has open those used last are kept, as many as there is room for; the log %s',
	async (_, open) => {
		const { log } = await open();
		const { url, documents, tables } = await server({ log, idleBytes: 2_000_000 });
		for (const batch of ['b1', 'b2', 'b3', 'b4', 'b5']) {
			tables.batches.add(batch);
			const client = await WireClient.join(`${url}/p/${batch}/answers`);
			writeMuch(client, 5); // 150 kB, taken for five times as much
			expect(await client.barrier()).toBe('saved');
			await client.close();
		}
		await until(() => documents.stats().connections === 0);
		expect(documents.stats().documents).toBe(2);
		const last = await WireClient.join(`${url}/p/b5/answers`);
		expect(documents.stats().documents).toBe(2);
		expect(last.document.getMap('draft').size).toBe(5);
		const first = await WireClient.join(`${url}/p/b1/answers`);
		expect(documents.stats().documents).toBe(3);
		expect(first.document.getMap('draft').size).toBe(5);
	},
);

/** A server of its own process. */
async function alone(...args: string[]): Promise<{ readonly url: string; readonly pid: number }> {
	const program = new URL('./sync-server-alone.ts', import.meta.url).pathname;
	const child = spawn(process.execPath, [...serverFlags, program, ...args], {
		stdio: ['ignore', 'pipe', 'inherit'],
		env: { ...process.env, ...serverEnvironment },
	});
	onTestFinished(() => void child.kill('SIGKILL'));
	const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
	return { url, pid: child.pid! };
}

test.each([
	['in memory', () => []],
	['in SQLite', () => [join(newFolder(), 'updates.db')]],
])(
	'S9 readers that ask and do not read cost a server less than 16 MB each; the log %s',
	async (_, file) => {
		const { url, pid } = await alone(...file());
		const answers = `${url}/p/b/answers`;
		const large = new Y.Doc();
		for (let index = 0; index < 200; index++)
			large.getMap('draft').set(`i${index}/v/t`, `${index}${text}`);
		const writer = await WireClient.join(`${answers}?user=ada`, { document: large });
		expect(await writer.barrier()).toBe('saved');
		// One that reads: what it takes to tell it is there once, and not for each.
		await (await WireClient.join(`${answers}?user=bob`)).close();
		const before = residentMb(pid);
		const readers = Array.from({ length: 10 }, () => new WireClient(`${answers}?user=bob`));
		for (const reader of readers) {
			await reader.opened();
			reader.pause(true);
			for (let asked = 0; asked < 20; asked++)
				reader.send({ kind: 'step1', stateVector: Y.encodeStateVector(reader.document) });
		}
		let peak = before;
		for (let index = 0; index < 300; index++) {
			writeMuch(writer, 1);
			expect(await writer.barrier(`${index}`)).toBe('saved');
			peak = Math.max(peak, residentMb(pid));
		}
		expect((peak - before) / readers.length).toBeLessThan(16);
		for (const reader of readers) reader.pause(false);
		for (const reader of readers) {
			await reader.until(
				() => reader.document.getMap('draft').get('i0/v/t') === large.getMap('draft').get('i0/v/t'),
			);
			await reader.close();
		}
	},
);
