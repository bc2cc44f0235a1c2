import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { WebSocketServer } from 'ws';
import { readClientAddress } from '#shared/wire/client-address.ts';
import type { LeastWriters } from '#shared/wire/document-version.ts';
import type { Standing } from '#sync-server/documents/directory.ts';
import { forwardClock } from '#sync-server/forward-clock.ts';
import { openDocuments, type Documents } from '#sync-server/documents/documents.ts';
import type { GateAsideOptions } from '#sync-server/documents/gate/gate-aside.ts';
import type { ReceivedLimits } from '#sync-server/documents/connection/received.ts';
import { Wire } from '#sync-server/documents/connection/wire.ts';
import type { ProjectedChange, Projection } from '#sync-server/documents/projection.ts';
import { MemoryDisk, openMemoryLog } from '#sync-server/log/memory-log.ts';
import type { UpdateLog } from '#sync-server/log/update-log.ts';

/** The tables' side of the documents, in memory: who may do what, and what was projected. */
export class TestTables implements Projection {
	/** `<user> <path>` → standing. Everybody may write what is not listed, as long as the batch is known. */
	readonly standings = new Map<string, Standing | undefined>();
	readonly batches = new Set(['b']);
	readonly changes: ProjectedChange[] = [];
	readonly watermarks = new Map<string, number>();
	failure: Error | undefined;

	watermark(document: string): Promise<number> {
		return Promise.resolve(this.watermarks.get(document) ?? 0);
	}

	allWatermarks(): Promise<{ document: string; seq: number }[]> {
		return Promise.resolve([...this.watermarks].map(([document, seq]) => ({ document, seq })));
	}

	rewind(document: string, seq: number): Promise<void> {
		this.watermarks.set(document, seq);
		return Promise.resolve();
	}

	project(change: ProjectedChange): Promise<void> {
		if (this.failure) return Promise.reject(this.failure);
		this.changes.push(change);
		this.watermarks.set(change.name, change.upTo);
		return Promise.resolve();
	}
}

export interface SyncServer {
	readonly url: string;
	readonly tables: TestTables;
	readonly disk: MemoryDisk;
	readonly log: UpdateLog;
	readonly documents: Documents;
	/** The time that passes at the server, in milliseconds, and how far its clock was set off from it. */
	time: { now: number; setOffMs: number };
	close(): Promise<void>;
}

export interface SyncServerOptions {
	readonly disk?: MemoryDisk;
	readonly tables?: TestTables;
	readonly log?: UpdateLog;
	readonly compactionRows?: number;
	readonly idleBytes?: number;
	readonly tickMs?: number;
	readonly aside?: GateAsideOptions;
	readonly received?: ReceivedLimits;
	readonly headMs?: number;
	readonly leastWriters?: LeastWriters;
}

/** A server with real sockets around the documents. `?user=` says who comes: signing in is not tested here. */
export async function startSyncServer(options: SyncServerOptions = {}): Promise<SyncServer> {
	const disk = options.disk ?? new MemoryDisk();
	const tables = options.tables ?? new TestTables();
	const log = options.log ?? openMemoryLog(disk);
	const time = { now: Date.parse('2026-01-01T00:00:00Z'), setOffMs: 0 };
	const { compactionRows, idleBytes, tickMs, aside, received, headMs } = options;
	const documents = openDocuments({
		log,
		directory: {
			find(user, { batch, project, part }) {
				const key = `${user} ${project}/${batch}/${part}`;
				if (tables.standings.has(key)) return Promise.resolve(tables.standings.get(key));
				if (!tables.batches.has(batch)) return Promise.resolve(undefined);
				return Promise.resolve({ access: 'write', state: 'open', isBlind: false });
			},
			reach: () => Promise.resolve([...tables.batches].map((batch) => `p/${batch}/`)),
		},
		projection: tables,
		logger: pino({ level: 'silent' }),
		now: forwardClock(() => time.now + time.setOffMs),
		elapsed: () => time.now,
		...(options.leastWriters && { leastWriters: options.leastWriters }),
		limits: {
			...(compactionRows !== undefined && { compactionRows }),
			...(idleBytes !== undefined && { idleBytes }),
			...(tickMs !== undefined && { tickMs }),
			// Nothing is refused because the machine has much to do.
			aside: { judgeLimitMs: 60_000, ...aside },
			...(received && { received }),
			...(headMs !== undefined && { headMs }),
		},
	});
	const http = createServer();
	const sockets = new WebSocketServer({ server: http, maxPayload: 17 * 1024 * 1024 });
	sockets.on('connection', (socket, request) => {
		const { pathname, searchParams } = new URL(request.url!, 'http://local');
		const user = searchParams.get('user') ?? 'ada';
		void documents.accept(
			new Wire(socket, request.socket),
			{ user, name: user.toUpperCase(), credential: searchParams.get('token') ?? user },
			pathname.slice('/sync/'.length),
			readClientAddress(searchParams),
		);
	});
	await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
	return {
		url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/sync`,
		tables,
		disk,
		log,
		documents,
		time,
		async close() {
			await documents.close();
			for (const socket of sockets.clients) socket.terminate();
			await new Promise((resolve) => http.close(resolve));
			await log.close();
		},
	};
}
