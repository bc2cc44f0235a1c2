import { pino } from 'pino';
import { WebSocketServer } from 'ws';
import { openDocuments, type Documents } from '#sync-server/documents/documents.ts';
import type { UpdateLog } from '#sync-server/log/update-log.ts';
import { tableDirectory } from '#sync-server/projection/table-directory.ts';
import { tableProjection } from '#sync-server/projection/table-projection.ts';
import type { Tables } from '#sync-server/tables/tables.ts';
import { Life, mortal } from './mortal.ts';
import type { openTestTables } from './tables-in-memory.ts';

interface ServerOptions {
	/** The store; it is closed by whoever opened it. */
	readonly log: UpdateLog;
	readonly tables: ReturnType<typeof openTestTables>;
	/** Projecting waits for this. */
	readonly tablesReady: () => Promise<void>;
	readonly now: () => number;
	readonly compactionRows: number;
	readonly keepsIdle: boolean;
	/** Told of every call of the log. */
	readonly logged: (method: string, input: readonly unknown[]) => void;
	/** Told of what the tables do not take. */
	readonly passed: (document: string, what: readonly object[]) => void;
}

/** One life of the real server behind its sockets: from its start until it is closed, or killed. */
export interface ServerLife {
	readonly life: Life;
	readonly log: UpdateLog;
	readonly documents: Documents;
	readonly sockets: WebSocketServer;
}

/** Starts a server on what is on the disk and in the tables. */
export async function startLife(options: ServerOptions): Promise<ServerLife> {
	const { log, now, compactionRows, keepsIdle, logged, passed } = options;
	const { nouns } = options.tables;
	const life = new Life();
	const tables = {
		batches: mortal(asynchronous(options, nouns.batches, life), life),
		submissions: mortal(asynchronous(options, nouns.submissions, life, options.tablesReady), life),
	} as Pick<Tables, 'batches' | 'submissions'>;
	const documents = openDocuments({
		log: mortal(log, life, logged),
		directory: tableDirectory(tables),
		projection: tableProjection({ tables, onPassed: passed }),
		logger: pino({ level: 'silent' }),
		now,
		limits: {
			compactionRows,
			headMs: 50,
			tickMs: 200,
			aside: { judgeLimitMs: 600_000 },
			...(keepsIdle ? {} : { idleBytes: 0 }),
		},
	});
	await documents.catchUp();
	const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
	return { life, log, documents, sockets };
}

/** A noun as it is behind its thread: each call a transaction of its own, a turn later. */
function asynchronous(
	{ tables: { database } }: ServerOptions,
	noun: object,
	life: Life,
	ready: () => Promise<void> = () => Promise.resolve(),
): object {
	return new Proxy(noun, {
		get:
			(_, name) =>
			async (...input: unknown[]): Promise<unknown> => {
				await ready();
				if (life.isOver) return undefined;
				const method = Reflect.get(noun, name) as (...input: unknown[]) => unknown;
				return database.transaction(() => method.apply(noun, input)).result;
			},
	});
}
