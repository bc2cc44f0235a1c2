import type { IncomingMessage, ServerResponse } from 'node:http';
import { CommandError } from '#shared/api/errors.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { Caller } from '../accounts/caller.ts';
import type { Guard } from '../accounts/guard.ts';
import type { Tables } from '../tables/tables.ts';
import { runBackend } from './backend.ts';
import { serveLfs } from './lfs.ts';
import { lfsType } from './lfs-shapes.ts';
import { isProjectId } from './names.ts';
import type { Repositories } from './repositories.ts';
import { Turns } from '../turns.ts';

export interface GitHandlerOptions {
	readonly repositories: Repositories;
	readonly tables: Pick<Tables, 'attempts' | 'blobs'>;
	readonly blobStore: BlobStore;
	/** The most that one LFS object may have. */
	readonly blobLimitBytes: number;
	readonly guard: Guard;
	/** By the Authorization header alone; the cookie never reaches it. */
	readonly identify: (request: Request) => Promise<Caller | undefined>;
	/** The public address, for links that LFS clients follow. */
	readonly url: () => string;
	/** Told about every failure that is not the caller's. */
	readonly onFault: (error: unknown) => void;
}

const idleMs = 10 * 60_000;

type Door =
	| { readonly kind: 'backend'; readonly path: string; readonly isPush: boolean }
	| { readonly kind: 'lfs'; readonly path: string };

/** Serves everything below `/git/`: clone, fetch and push over smart HTTP, and LFS. */
export function gitHandler(
	options: GitHandlerOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
	const turns = new Turns({ atOnce: 8, perKey: 4, waiting: 64, waitingPerKey: 16 });

	async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const url = new URL(request.url ?? '/', 'http://localhost');
		const authorization = request.headers.authorization;
		const caller =
			authorization === undefined
				? undefined
				: await options.identify(new Request(url, { headers: { authorization } }));
		if (!caller)
			throw new CommandError('signed_out', 'Give a token as password; any user name will do.');
		const found = find(request, url);
		if (!found) throw new CommandError('not_found', 'There is no such repository here.');
		const { project, door } = found;
		const user = await admit(caller, project, door);
		if (door.kind === 'lfs')
			return serveLfs(options, {
				project,
				path: door.path,
				authorization: authorization!,
				request,
				response,
			});
		await serveGit({ request, response, project, door, user, query: url.search.slice(1) });
	}

	/** Who asks, as a user id, when they may. A living attempt reads its project and keeps files through LFS; it pushes nothing. */
	async function admit(caller: Caller, project: string, door: Door): Promise<string> {
		switch (caller.kind) {
			case 'person':
				return mustHaveCode(caller, project);
			case 'attempt':
				if (caller.project !== project)
					throw new CommandError('not_found', 'There is no such repository here.');
				if (door.kind === 'backend' && door.isPush)
					throw new CommandError('forbidden', 'The token of a run does not push.');
				await options.tables.attempts.check({ run: caller.run, attempt: caller.attempt });
				return `run-${caller.run}`;
			case 'runner':
				throw new CommandError('not_found', 'There is no such repository here.');
		}
	}

	/** Missing and forbidden are alike here: whoever may not read the code learns nothing of it. */
	async function mustHaveCode(caller: Caller, project: string): Promise<string> {
		try {
			return (await options.guard.project(caller, project, 'code')).user;
		} catch (cause) {
			if (!(cause instanceof CommandError)) throw cause;
			throw new CommandError('not_found', 'There is no such repository here.', { cause });
		}
	}

	async function serveGit(git: {
		readonly request: IncomingMessage;
		readonly response: ServerResponse;
		readonly project: string;
		readonly door: Extract<Door, { kind: 'backend' }>;
		readonly user: string;
		readonly query: string;
	}): Promise<void> {
		const { request, response, project, door, user, query } = git;
		const { repositories, onFault } = options;
		const gone = new AbortController();
		response.once('close', () => gone.abort(new Error('the client went away')));
		const endTurn = await turns.take(project, gone.signal);
		// git says something every few seconds while it works; who hears and says nothing for long holds a turn for nothing.
		request.setTimeout(idleMs, () => request.destroy(new Error('nothing moved for too long')));
		const isPushing = door.isPush && request.method === 'POST';
		const push = isPushing ? repositories.pushes.begin(project, user) : undefined;
		try {
			await runBackend({
				request,
				response,
				root: repositories.folder,
				path: `/${project}.git/${door.path}`,
				query,
				user,
				config: { 'core.hooksPath': repositories.hooksFolder },
				environment: push?.environment ?? {},
				...(push ? { beforeReport: () => push.finish() } : {}),
				onComplaint: (text) => onFault(new Error(`git in ${project}: ${text}`)),
			});
		} finally {
			push?.close();
			endTurn();
		}
	}

	return (request, response) => {
		serve(request, response).catch((error: unknown) => {
			const isOurs = !(error instanceof CommandError) && !response.destroyed;
			if (isOurs) options.onFault(error);
			refuse(request, response, error);
		});
	};
}

/** `/git/<project>[.git]/…`: three addresses of smart HTTP and those of LFS, nothing else. */
function find(
	{ method }: IncomingMessage,
	url: URL,
): { readonly project: string; readonly door: Door } | undefined {
	const [, project = '', path = ''] =
		/^\/git\/([a-z0-9-]+)(?:\.git)?\/(.+)$/.exec(url.pathname) ?? [];
	if (!isProjectId(project)) return undefined;
	if (path.startsWith('info/lfs/'))
		return { project, door: { kind: 'lfs', path: path.slice('info/lfs/'.length) } };
	const service =
		path === 'info/refs' && method === 'GET'
			? url.searchParams.get('service')
			: method === 'POST'
				? path
				: null;
	if (service !== 'git-upload-pack' && service !== 'git-receive-pack') return undefined;
	return { project, door: { kind: 'backend', path, isPush: service === 'git-receive-pack' } };
}

function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
	if (response.headersSent || response.destroyed) {
		response.destroy();
		return;
	}
	const known =
		error instanceof CommandError
			? error
			: new CommandError('internal', 'Something went wrong on the server.');
	const isLfs = request.url?.includes('/info/lfs/') ?? false;
	const realm = 'Basic realm="Flywheel", charset="UTF-8"';
	response.writeHead(known.status, {
		...(known.code === 'signed_out'
			? { 'WWW-Authenticate': realm, 'LFS-Authenticate': realm }
			: {}),
		...(known.code === 'overloaded' ? { 'Retry-After': '2' } : {}),
		// What is still arriving would be read to its end otherwise.
		...(request.complete ? {} : { Connection: 'close' }),
		'Content-Type': isLfs ? lfsType : 'text/plain; charset=utf-8',
	});
	response.end(isLfs ? JSON.stringify({ message: known.message }) : `${known.message}\n`);
}
