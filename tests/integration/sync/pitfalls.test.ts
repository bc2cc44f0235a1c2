import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { readDocument } from '#sync-server/log/compact-document.ts';
import { MemoryDisk, openMemoryLog } from '#sync-server/log/memory-log.ts';
import type { OpenedDocument } from '#sync-server/log/update-log.ts';
import { openSqliteLog } from '#sync-server/log/sqlite/open-log.ts';
import { cleanUpAfterEach, serversIn } from './cleanups.ts';
import { openDocument, writer } from './open-document.ts';
import { startSyncServer, TestTables } from './sync-server.ts';
import { WireClient } from './wire-client.ts';

/** Pitfalls of other servers that no rule's own test walks into (tests/README.md has the list). */
const cleanups = cleanUpAfterEach();
const server = serversIn(cleanups);

const answers = 'p/b/answers';

test('S6 a client id of 53 bits is owned like any other, also after a restart', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'pitfalls-'));
	cleanups.push(() => rmSync(folder, { recursive: true }));
	const open = async () =>
		startSyncServer({ log: await openSqliteLog({ file: join(folder, 'log') }) });
	const largest = Number.MAX_SAFE_INTEGER;
	const first = await open();
	const ada = new WireClient(`${first.url}/${answers}?user=ada`);
	ada.document.clientID = largest;
	await ada.opened();
	ada.edit((document) => document.getMap('draft').set('i1/v/t', 'mine'));
	expect(await ada.barrier()).toBe('saved');
	await first.close();

	const second = await open();
	cleanups.push(() => second.close());
	const eve = await WireClient.join(`${second.url}/${answers}?user=eve`);
	expect(eve.document.getMap('draft').get('i1/v/t')).toBe('mine');
	eve.document.clientID = largest;
	expect(await eve.barrier('0')).toBe('saved');
	eve.edit((document) => document.getMap('draft').set('i1/v/t', 'forged'));
	expect(await eve.barrier('1')).toMatchObject({ code: 3 });
});

test('S9 who comes back before the old socket is known to be gone keeps what is theirs when it closes', async () => {
	const { url, documents } = await server();
	const other = await WireClient.join(`${url}/${answers}?user=bob`);
	const seen = new Awareness(other.document);
	cleanups.push(() => seen.destroy());
	const heardAgain = async (item: string): Promise<void> =>
		other.until(() => {
			for (const message of other.heard)
				if (message.kind === 'awareness') applyAwarenessUpdate(seen, message.update, other);
			return [...seen.getStates().values()].some((state) => state['item'] === item);
		});
	const before = await WireClient.join(`${url}/${answers}?user=ada`);
	const awareness = new Awareness(before.document);
	cleanups.push(() => awareness.destroy());
	const show = (client: WireClient, item: string): void => {
		awareness.setLocalState({ item });
		const update = encodeAwarenessUpdate(awareness, [awareness.clientID]);
		client.send({ kind: 'awareness', update });
	};
	show(before, 'i1');
	await heardAgain('i1');
	// The same page again, on another socket; the network swallowed the end of the first.
	const after = await WireClient.join(`${url}/${answers}?user=ada`, { document: before.document });
	show(after, 'i2');
	await heardAgain('i2');
	await before.close();
	expect(documents.stats().connections).toBe(2);
	show(after, 'i3');
	await heardAgain('i3');
	after.edit((document) => document.getMap('draft').set('i1/v/t', 'a'));
	expect(await after.barrier()).toBe('saved');
	await other.until(() => other.document.getMap('draft').get('i1/v/t') === 'a');
	expect(after.closedWith).toBeUndefined();
});

test('S5 an error in the middle of one document closes that, and ends neither the others nor the server', async () => {
	const disk = new MemoryDisk();
	const log = openMemoryLog(disk);
	const tables = new TestTables();
	tables.batches.add('c');
	let isBroken = false;
	const open = async (path: string): Promise<OpenedDocument> => {
		const opened = await log.open(path);
		return {
			...opened,
			append(update) {
				if (isBroken && path === answers) throw new Error('a bug');
				return opened.append(update);
			},
		};
	};
	const { url, documents } = await server({ disk, tables, log: { ...log, open } });
	const other = await WireClient.join(`${url}/p/c/answers?user=bob`);
	const write = (client: WireClient): Uint8Array =>
		client.edit((document) => document.getMap('draft').set('i1/v/t', 'a'));
	const large = (client: WireClient): Uint8Array =>
		client.edit((document) => {
			for (let index = 0; index < 3000; index++)
				document.getMap('draft').set(`i${index}/v/t`, 'much');
		});
	const whole = (client: WireClient): void => {
		write(client);
		client.send({ kind: 'step2', update: Y.encodeStateAsUpdate(client.document) });
	};
	const leaving = (client: WireClient): void => {
		write(client);
		void client.close();
	};
	for (const act of [write, large, whole, leaving]) {
		isBroken = false;
		const client = await WireClient.join(`${url}/${answers}?user=ada`);
		expect(await client.barrier('before')).toBe('saved');
		isBroken = true;
		act(client);
		await client.until(() => false);
		if (act !== leaving) expect([act.name, client.closedWith]).toEqual([act.name, 1013]);
		write(other);
		expect(await other.barrier()).toBe('saved');
	}
	isBroken = false;
	const again = await WireClient.join(`${url}/${answers}?user=ada`);
	write(again);
	expect(await again.barrier()).toBe('saved');
	expect(documents.stats().connections).toBe(2);
});

test('S2 bytes of a socket that are used again before the commit do not change what is written', async () => {
	const disk = new MemoryDisk();
	const document = await openDocument(cleanups, { disk });
	let release = (): void => undefined;
	disk.ready = new Promise((resolve) => (release = resolve));
	const source = new Y.Doc();
	source.getMap('draft').set('i1/v/t', 'words'.repeat(100));
	const bytes = Y.encodeStateAsUpdate(source);
	const verdict = await document.write(bytes, writer('ada'));
	expect(verdict.kind).toBe('ok');
	bytes.fill(0);
	release();
	await document.whenSettled();
	const { stored } = await openMemoryLog(disk).open(answers);
	const written = readDocument(answers, stored);
	expect(written.getMap('draft').toJSON()).toEqual(source.getMap('draft').toJSON());
	document.evict();
});
