import { pino } from 'pino';
import { newCounters } from '#sync-server/documents/counters.ts';
import { OpenDocument } from '#sync-server/documents/document/open-document.ts';
import { ReadAside } from '#sync-server/documents/document/read-aside.ts';
import { readStored } from '#sync-server/documents/document/read-stored.ts';
import type { Writer } from '#sync-server/documents/document/writer.ts';
import { GateAside } from '#sync-server/documents/gate/gate-aside.ts';
import { Turns } from '#sync-server/documents/turns.ts';
import { MemoryDisk, openMemoryLog } from '#sync-server/log/memory-log.ts';
import type { Cleanups } from './cleanups.ts';

const path = 'p/b/answers';

/** The document `p/b/answers` as the server has it in memory, with its gate and without sockets. */
export async function openDocument(
	cleanups: Cleanups,
	{ disk = new MemoryDisk(), aside = new GateAside({ judgeLimitMs: 60_000 }) } = {},
): Promise<OpenDocument> {
	const log = openMemoryLog(disk);
	const readAside = new ReadAside();
	const turns = new Turns();
	for (const one of [log, aside, readAside]) cleanups.push(() => one.close());
	const opened = await log.open(path);
	return new OpenDocument({
		path,
		name: { project: 'p', batch: 'b', part: 'answers' },
		log: opened,
		yjs: await readStored(path, opened.stored, { readAside, turns }),
		aside,
		readAside,
		turns,
		headMs: 1000,
		counters: newCounters(),
		logger: pino({ level: 'silent' }),
		now: () => 0,
		leastWriters: [],
		committed: () => undefined,
		failed: () => undefined,
		closed: () => undefined,
	});
}

/** Somebody who may write. */
export function writer(user: string): Writer {
	return { user, version: 0, mayWrite: () => true };
}
