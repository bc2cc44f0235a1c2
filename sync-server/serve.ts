import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { openAccounts, type Accounts, type Person } from './accounts/accounts.ts';
import { CredentialExpiry } from './accounts/credential-expiry.ts';
import { credentialOf, EndedCredentials, sessionOf } from './accounts/ended-credentials.ts';
import { identifier } from './accounts/identify.ts';
import type { BlobStore } from './blobs/blob-store.ts';
import type { Config } from './config.ts';
import { every } from './every.ts';
import { openHistories } from './documents/history/read-history.ts';
import { forwardClock } from './forward-clock.ts';
import { openDocuments, type Documents } from './documents/documents.ts';
import { gitHandler } from './git/git-handler.ts';
import { openRepositories, type Repositories } from './git/repositories.ts';
import { apiRoutes } from './http/api-routes.ts';
import { FeedCursors } from './http/feed-cursor.ts';
import { Guard } from './accounts/guard.ts';
import { listener, type RequestFacts } from './http/listener.ts';
import { hostOf, listen } from './http/listen.ts';
import { measure } from './http/measure.ts';
import { openMetrics } from './http/metrics.ts';
import type { Route } from './http/route.ts';
import { apiRouter } from './http/router.ts';
import { acceptSockets } from './http/sockets.ts';
import { staticApp } from './http/static-app.ts';
import { refuseUnreadable } from './http/unreadable-request.ts';
import { UnderWay } from './http/under-way.ts';
import { openLive } from './live/live.ts';
import { openStores, takeHome } from './open-stores.ts';
import { openRecovery, type Recovery } from './projection/recovery.ts';
import { tableDirectory } from './projection/table-directory.ts';
import { tableProjection } from './projection/table-projection.ts';
import { projectCreation, type CreateProject } from './projects/create-project.ts';
import { openRuns, type Runs } from './runs/open-runs.ts';
import type { Tables } from './tables/tables.ts';

/** The person who runs the installation: made at the first start. */
export const ownerId = 'owner';

const minute = 60_000;
const day = 24 * 60 * minute;
const graceMs = 5000;
/** Longer than any call is silent, the long polls of runners among them. */
const idleMs = 10 * minute;
/** The largest single upload: parameters of a large model, not a backup by mistake. */
const blobLimitBytes = 16 * 1024 ** 3;

export interface Served {
	/** The public address. */
	readonly url: string;
	/** Where it really listens. */
	readonly address: AddressInfo;
	readonly epoch: string;
	readonly accounts: Accounts;
	readonly tables: Tables;
	readonly blobs: BlobStore;
	readonly repositories: Repositories;
	readonly documents: Documents;
	readonly routes: readonly Route[];
	readonly createProject: CreateProject;
	readonly owner: Person;
	/** Whether it lost something and takes it back from browsers. */
	readonly recovery: Pick<Recovery, 'current'>;
	/** True when this start made the installation. */
	readonly isFirstStart: boolean;
	/** Lets go of everything, in an order that loses nothing: no new work, then what is under way, then the stores. */
	close(): Promise<void>;
}

export interface ServeOptions {
	readonly config: Config;
	readonly logger: Logger;
	/** The built app. */
	readonly appFolder: string;
	/** The thread of a store died: nothing can be read or written any more. */
	readonly onStoreLost?: (error: Error) => void;
	/** How long a session lasts that nobody uses (90 days). */
	readonly sessionSeconds?: number;
	/** How long browsers bring back what the server lost (30 days), and the clock that says so. */
	readonly recoveryMs?: number;
	readonly now?: () => number;
}

/** Opens the stores and serves everything on one port. Several servers fit in one process. */
export async function serve(options: ServeOptions): Promise<Served> {
	const { config, logger, appFolder } = options;
	const onFault = (error: unknown): void => logger.error({ err: error }, 'something failed');
	const onLost = options.onStoreLost ?? onFault;
	const unlock = await takeHome(config.home);
	const server = createServer({ requestTimeout: 0, keepAliveTimeout: 30_000 });
	server.on('clientError', refuseUnreadable);
	// Uploads may take hours, but not stand still: whoever says nothing for long holds a connection for nothing.
	server.setTimeout(idleMs);
	const address = await listen(server, config);
	const url = config.url ?? `http://${hostOf(config.host)}:${address.port}`;

	const historyMs = config.historyDays * day;
	const stores = await openStores({ home: config.home, historyMs, logger, onLost, onFault });
	const { tables, log, blobs, disks, importsFolder } = stores;
	const epoch = await tables.settings.getOrPut('epoch', newKey(8));
	const recovery = await openRecovery(tables.settings, {
		...(options.now && { now: options.now }),
		...(options.recoveryMs !== undefined && { lengthMs: options.recoveryMs }),
	});
	const secret = await tables.settings.getOrPut('cursors', newKey(32));
	const cursors = new FeedCursors(secret, epoch);
	const ended = new EndedCredentials();
	const accounts = await openAccounts({
		tables,
		url,
		onSessionEnded: (id) => ended.end(credentialOf('session', id)),
		cookieName: `flywheel-${new URL(url).port || address.port}`,
		sessionSeconds: options.sessionSeconds,
	});
	const expiry = new CredentialExpiry({
		async endOf(credential) {
			const session = sessionOf(credential);
			return session === undefined ? undefined : accounts.sessionEnd(session);
		},
		end: (credential) => ended.end(credential),
		onFault,
	});
	const found = await accounts.find(ownerId);
	const owner = found ?? (await accounts.create({ id: ownerId, name: 'Owner' }));
	const guard = new Guard(tables);

	const repositories = await openRepositories({
		folder: join(config.home, 'repositories'),
		tables,
		blobStore: blobs,
		onTrainPush: (push) => runs.onTrainPush(push),
		nameOf: async (user) => (await accounts.find(user))?.name ?? user,
		url: () => url,
		onFault,
	});
	const live = openLive({
		tables,
		projectOf: async (run) => (await tables.runs.find(run))?.project,
		cursor: (user, seq) => cursors.write(user, { seq }),
		onFault,
	});
	const runs: Runs = openRuns({
		tables,
		repository: {
			readFile: (...file) => repositories.readFile(...file),
			subjectOf: (...commit) => repositories.subjectOf(...commit),
			listFiles: (...folder) => repositories.listFiles(...folder),
			objects: (project) => repositories.objects(project),
			resolveData: (...name) => repositories.resolveData(...name),
			commitModel: (model) => repositories.commitModel({ ...model, by: ownerId }),
		},
		hint: (run) => live.run(run),
		url,
		operator: ownerId,
		onFault,
	});
	const histories = openHistories({ log, historyMs, now: Date.now });
	// Or what comes to a closed batch would count, after a clock that was ahead was set right and the server ended.
	const now = forwardClock(Date.now, Date.parse((await tables.batches.lastClosed()) ?? '') || 0);
	const documents = openDocuments({
		log,
		now,
		directory: tableDirectory(tables),
		projection: tableProjection({
			tables,
			onPassed: (document, passed) =>
				logger.warn({ document, passed }, 'entries that are no submissions or verdicts'),
		}),
		logger,
	});
	ended.onEnd((credential) => {
		documents.credentialEnded(credential);
		live.credentialEnded(credential);
	});
	const identify = identifier({
		tables,
		accounts,
		attempts: (hash) => runs.attemptOf(hash),
		url,
		owner: { id: ownerId, token: config.ownerToken },
	});
	const createProject = projectCreation({ tables, repositories, url });
	const facts = new WeakMap<Request, RequestFacts>();
	const routes = apiRoutes({
		tables,
		accounts,
		guard,
		ended,
		documents,
		histories,
		repositories,
		runs,
		recovery,
		createProject,
		owner: ownerId,
		epoch,
		secret,
		cursors,
		url,
		blobs,
		blobLimitBytes,
		importsFolder,
		historyDays: config.historyDays,
		now,
		addressOf: (request) => facts.get(request)?.address ?? 'unknown',
	});

	const metrics = openMetrics();
	measure(metrics, { tables, documents, live, disks });

	const sockets = acceptSockets({
		server,
		identify,
		ended,
		expiry,
		live: (socket, person) => live.accept(socket, person),
		sync: (wire, person, ...document) => documents.accept(wire, person, ...document),
		onFault,
	});
	const answer = listener({
		api: apiRouter({
			routes,
			url,
			async identify(request) {
				const caller = await identify.api(request);
				const fact = facts.get(request);
				if (fact && caller)
					fact.user = caller.kind === 'attempt' ? `run ${caller.run}` : caller.user;
				return caller;
			},
			onFault: (error, request) =>
				logger.error({ id: facts.get(request)?.id, err: error }, 'a request failed'),
		}),
		app: staticApp(appFolder),
		git: gitHandler({
			repositories,
			tables,
			blobStore: blobs,
			blobLimitBytes,
			guard,
			identify: identify.git,
			url: () => url,
			onFault,
		}),
		metrics,
		logger,
		facts,
		async health() {
			await disks.check();
			return { ok: true, epoch };
		},
	});
	const underWay = new UnderWay();
	server.on('request', (req, res) => underWay.begin(answer(req, res)));

	const chores = [stores.tidy(), every(minute, () => repositories.reconcile(), onFault)];
	const { shortened } = await documents.catchUp();
	if (shortened > 0) {
		logger.warn({ documents: shortened }, 'the update log was put back to an older state');
		await recovery.begin();
	}
	await repositories.reconcile();
	await tables.settings.put('url', url);

	return {
		url,
		address,
		epoch,
		accounts,
		tables,
		blobs,
		repositories,
		documents,
		routes,
		createProject,
		owner,
		recovery,
		isFirstStart: found === undefined,
		async close() {
			const closed = once(server, 'close');
			server.close();
			runs.close();
			expiry.close();
			live.close();
			await sockets.close();
			await documents.close();
			await histories.close();
			server.closeIdleConnections();
			const force = setTimeout(() => server.closeAllConnections(), graceMs);
			await closed;
			clearTimeout(force);
			await underWay.over();
			for (const stop of chores) await stop();
			await repositories.close();
			await stores.close();
			unlock();
		},
	};
}

function newKey(bytes: number): string {
	return randomBytes(bytes).toString('hex');
}
