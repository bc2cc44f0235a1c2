import type { Logger } from 'pino';
import { CommandError } from '#shared/api/errors.ts';
import type { BroughtBack, LostClients } from '#shared/wire/brought-back.ts';
import type { CatchUpReply, CatchUpRequest } from '#shared/wire/catch-up.ts';
import { closeCodes } from '#shared/wire/close-codes.ts';
import type { ClientAddress } from '#shared/wire/client-address.ts';
import { formatDocumentName, parseDocumentName } from '#shared/wire/document-name.ts';
import type { LeastWriters } from '#shared/wire/document-version.ts';
import { forwardClock } from '../forward-clock.ts';
import { KeptAnswers } from '../kept-answers.ts';
import type { UpdateLog } from '../log/update-log.ts';
import {
	bringBack,
	lostClients,
	recoveredClients,
	type BringBackReply,
} from './catch-up/bring-back.ts';
import {
	changedDocuments,
	type ChangedPage,
	type ChangedPosition,
} from './catch-up/changed-documents.ts';
import { Connection, type ConnectionHost } from './connection/connection.ts';
import { newCounters, type Counters } from './counters.ts';
import type { Directory, Standing } from './directory.ts';
import { Exchange, Visit, type ExchangeHost } from './catch-up/exchange.ts';
import type { Projection } from './projection.ts';
import { Projector } from './projector.ts';
import { Pace } from './connection/pace.ts';
import { Received, type ReceivedLimits } from './connection/received.ts';
import { ResidentDocuments, type ResidentLimits } from './resident-documents.ts';
import { Turns } from './turns.ts';
import type { Wire } from './connection/wire.ts';

const tickMs = 15_000;
/** About 200 bytes each. */
const standingsAtMost = 10_000;

export interface DocumentsOptions {
	readonly log: UpdateLog;
	readonly directory: Directory;
	readonly projection: Projection;
	readonly logger: Logger;
	/** Milliseconds since the epoch; tests hold it. */
	readonly now?: () => number;
	/** Milliseconds that pass, whatever the clock is set to; tests hold it. */
	readonly elapsed?: () => number;
	/** Which clients may write beside which; a test has its own. */
	readonly leastWriters?: LeastWriters;
	readonly limits?: ResidentLimits & {
		/** How often connections are looked after (15 s). */
		readonly tickMs?: number;
		/** Of what was received and is not on disk yet. */
		readonly received?: ReceivedLimits;
	};
}

interface DocumentsStats extends Readonly<Counters> {
	readonly documents: number;
	readonly connections: number;
	/** What came from clients and is not on disk yet. */
	readonly receivedBytes: number;
	/** From which nothing is read until that is less. */
	readonly pausedConnections: number;
}

/** Whose rights changed: in a project, on a batch, of a user; what is left out means all. */
interface RightsChange {
	readonly project?: string;
	readonly batch?: string;
	readonly user?: string;
}

/** Who opens a socket, and with which session or token. */
interface Visitor {
	readonly user: string;
	readonly name: string;
	readonly credential: string;
}

/** The documents of the server: everything that happens behind WS /sync. */
export interface Documents {
	/**
	 * Talks over a wire about a document. Call it in the same turn as the upgrade, or its first messages
	 * are lost. A name that is none, a batch that is none and one that is not theirs all end in 4404 (S4). `address` is what it says beside that.
	 */
	accept(wire: Wire, who: Visitor, name: string, address: ClientAddress): Promise<void>;
	/** Which documents that a person may read changed after a position; without one, where to go on from. */
	changed(user: string, since: ChangedPosition | undefined): Promise<ChangedPage>;
	/** Brings many documents up to date at once, without a socket. Rejects with `overloaded` at the end. */
	exchange(
		who: Pick<Visitor, 'user' | 'credential'>,
		request: CatchUpRequest,
	): Promise<readonly CatchUpReply[]>;
	/** Whose client ids a document has, for who brings something back (S16); undefined where they may not write it. */
	lostClients(
		who: Pick<Visitor, 'user' | 'credential'>,
		path: string,
	): Promise<LostClients | undefined>;
	/** The Yjs client ids of what was brought back to a document; undefined where they may not read it. */
	recoveredClients(
		who: Pick<Visitor, 'user' | 'credential'>,
		path: string,
	): Promise<readonly number[] | undefined>;
	/** Takes back what the server lost. Call it only while that is wanted. */
	bringBack(
		who: Pick<Visitor, 'user' | 'credential'>,
		path: string,
		brought: BroughtBack,
	): Promise<BringBackReply>;
	/** Call after the tables committed: open connections are judged again at once (S7). */
	rightsChanged(change: RightsChange): void;
	/** A session or token is no longer good: what was opened with it closes (S7). */
	credentialEnded(credential: string): void;
	/**
	 * Projects what the tables miss, and answers of how many documents the log holds less than the tables know:
	 * it was put back to an older state. Call once at the start.
	 */
	catchUp(): Promise<{ readonly shortened: number }>;
	/** Deletes the documents of a project and closes who had them open. */
	remove(project: string): Promise<void>;
	stats(): DocumentsStats;
	/** Closes every socket (1012), waits for the disk and for the tables. The log stays open. */
	close(): Promise<void>;
}

export function openDocuments(options: DocumentsOptions): Documents {
	const { log, directory, projection, logger } = options;
	const now = options.now ?? forwardClock();
	const elapsed = options.elapsed ?? (() => performance.now());
	const counters = newCounters();
	/** How people stand to documents. When a network comes back everybody asks again what they asked before. */
	const standings = new KeptAnswers<Standing>({ most: standingsAtMost });
	const projector = new Projector({ log, projection, logger });
	const received = new Received(options.limits?.received);
	const connections = new Set<Connection>();
	const turns = new Turns();
	/** Documents of requests under way. */
	const visits = new Set<Visit>();
	/** Connections whose clients have everything of a document that nobody has open. */
	const watching = new Map<string, Set<Connection>>();
	let isClosing = false;
	const resident = new ResidentDocuments({
		log,
		projector,
		logger,
		counters,
		now,
		leastWriters: options.leastWriters,
		limits: options.limits,
		loaded(document) {
			for (const connection of [...(watching.get(document.path) ?? [])])
				connection.attach(document);
		},
	});

	/** Does something with documents that ends with the right to it (S7). */
	async function visiting<T>(
		those: readonly Visit[],
		work: (those: readonly Visit[]) => Promise<T>,
	): Promise<T> {
		if (isClosing) throw new CommandError('overloaded', 'The server is restarting.');
		for (const visit of those) visits.add(visit);
		try {
			return await work(those);
		} finally {
			for (const visit of those) visits.delete(visit);
		}
	}

	const host: ConnectionHost & ExchangeHost = {
		counters,
		received,
		pace: new Pace(),
		elapsed,
		find: (user, name) =>
			standings.get(`${user} ${formatDocumentName(name)}`, () => directory.find(user, name)),
		open: (...asked) => resident.open(...asked),
		isResident: (path) => resident.has(path),
		watch(path, connection) {
			const those = watching.get(path) ?? new Set();
			watching.set(path, those.add(connection));
			return () => {
				those.delete(connection);
				if (those.size === 0 && watching.get(path) === those) watching.delete(path);
			};
		},
		since: (...asked) => resident.since(...asked),
		sinceEach: (...asked) => log.sinceEach(...asked),
		use: (...asked) => resident.use(...asked),
		nextTurn: () => turns.next(),
		quarantine(refused) {
			logger.warn(
				{ document: refused.document, user: refused.user, reason: refused.reason },
				'update refused',
			);
			log.quarantine({ ...refused, at: now() }).catch((error: unknown) => {
				logger.error({ err: error }, 'refused bytes could not be kept');
			});
		},
		left(connection) {
			connections.delete(connection);
			resident.left(formatDocumentName(connection.name));
		},
		failed: (error, what) => logger.error({ err: error }, what),
	};

	const ticking = setInterval(() => {
		for (const connection of connections) connection.tick();
	}, options.limits?.tickMs ?? tickMs).unref();

	return {
		async accept(wire, who, path, address) {
			const name = parseDocumentName(path);
			if (isClosing)
				return wire.socket.close(closeCodes.restarting.code, closeCodes.restarting.reason);
			if (!name) return wire.socket.close(closeCodes.notFound.code, closeCodes.notFound.reason);
			const connection = new Connection({ wire, who, path, name, address, host });
			connections.add(connection);
			await connection.join();
		},
		changed: (user, since) => changedDocuments({ log, directory }, user, since),
		exchange: (who, { version, asks }) =>
			visiting(
				asks.map((ask) => new Visit({ ...who, version }, ask)),
				(those) => new Exchange(host).answer(those),
			),
		lostClients: (who, path) =>
			visiting([new Visit({ ...who, version: 0 }, askOf(path))], ([visit]) =>
				lostClients(host, visit!),
			),
		recoveredClients: (who, path) =>
			visiting([new Visit({ ...who, version: 0 }, askOf(path))], ([visit]) =>
				recoveredClients(host, visit!),
			),
		bringBack: (who, path, brought) =>
			visiting([new Visit({ ...who, version: brought.version }, askOf(path))], ([visit]) =>
				bringBack(host, visit!, brought),
			),
		rightsChanged({ project, batch, user }) {
			standings.forget();
			const isConcerned = (one: Pick<Visit, 'name' | 'user'>): boolean =>
				(project === undefined || one.name?.project === project) &&
				(batch === undefined || one.name?.batch === batch) &&
				(user === undefined || one.user === user);
			for (const connection of connections)
				if (isConcerned(connection)) void connection.rightsChanged();
			for (const visit of visits) visit.isStale ||= isConcerned(visit);
		},
		credentialEnded(credential) {
			for (const visit of visits) visit.isStale ||= visit.credential === credential;
			for (const connection of [...connections])
				if (connection.credential === credential) connection.close(closeCodes.credentialEnded);
		},
		catchUp: () => projector.catchUp(),
		async remove(project) {
			standings.forget();
			for (const connection of [...connections])
				if (connection.name.project === project) connection.close(closeCodes.notFound);
			resident.drop(project);
			projector.drop(`${project}/`);
			await log.remove(`${project}/`);
		},
		stats: () => ({
			...counters,
			documents: resident.size,
			connections: connections.size,
			receivedBytes: received.bytes,
			pausedConnections: received.paused,
		}),
		async close() {
			isClosing = true;
			clearInterval(ticking);
			for (const connection of [...connections]) connection.close(closeCodes.restarting);
			await resident.close();
			await projector.close();
		},
	};
}

/** What a visit asks for that brings something back: nothing of the usual. */
function askOf(name: string): Visit['ask'] {
	const nothing = new Uint8Array();
	return { name, cursor: '', stateVector: nothing, update: nothing };
}
