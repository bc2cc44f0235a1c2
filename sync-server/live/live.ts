import type { WebSocket } from 'ws';
import { closeCodes } from '#shared/wire/close-codes.ts';
import { everyProject } from '../tables/changes.ts';
import type { Tables } from '../tables/tables.ts';

const debounceMs = 50;
/** Whoever answers none of two is gone: that is known after 37.5 s, as on `/sync`. */
const pingMs = 12_500;
const unansweredLimit = 2;
/** A reader this far behind gets no more hints until it has drained; it will ask for the changes anyway. */
const lagBytes = 256 * 1024;

/** No hint: nothing has happened, and the connection stands. */
const stillHere = { alive: true };

interface Listener {
	readonly user: string;
	readonly credential: string;
	readonly socket: WebSocket;
	/** Projects whose loss must be told as well. */
	readonly projects: Set<string>;
	/** Number of the newest change the first hint told of; undefined before it. */
	since: number | undefined;
	/** By project, up to which change it was looked whether they concern the person. */
	readonly looked: Map<string, number>;
	/** Pings since it was last heard of. */
	unanswered: number;
}

/** Hints without data: something of a project, or of a run, changed; whoever hears it asks for it. */
export interface Live {
	/** Takes over a socket of a signed-in person; its first hint says from where on it will hear everything. */
	accept(
		socket: WebSocket,
		who: { readonly user: string; readonly credential: string },
	): Promise<void>;
	/** A session or token is no longer good: what was opened with it closes. */
	credentialEnded(credential: string): void;
	/** A run has new points, log or state. */
	run(run: string): void;
	readonly connections: number;
	/** Sends no more hints; the sockets are ended by whoever accepted them. */
	close(): void;
}

interface Options {
	readonly tables: Tables;
	/** The project of a run. */
	readonly projectOf: (run: string) => Promise<string | undefined>;
	/** The cursor that a person's hint carries. */
	readonly cursor: (user: string, seq: number) => string;
	readonly onFault: (error: unknown) => void;
	/** How often every listener is asked whether it is there (12.5 s). */
	readonly pingMs?: number;
}

export function openLive(options: Options): Live {
	const { tables, projectOf, cursor, onFault } = options;
	const listeners = new Set<Listener>();
	const projects = new Set<string>();
	const runs = new Set<string>();
	let timer: NodeJS.Timeout | undefined;

	const stopListening = tables.onCommit((touched) => {
		for (const project of touched) projects.add(project);
		schedule();
	});
	const pings = setInterval(ping, options.pingMs ?? pingMs);
	pings.unref();

	function schedule(): void {
		timer ??= setTimeout(() => {
			timer = undefined;
			send().catch(onFault);
		}, debounceMs);
	}

	async function send(): Promise<void> {
		const changed = [...projects];
		const moved = [...runs];
		projects.clear();
		runs.clear();
		if (listeners.size === 0) return;
		const seq = await tables.changes.head();
		for (const project of changed) {
			if (project === everyProject) {
				for (const listener of listeners)
					if (await concerns(listener, project, seq))
						tell(listener, { project: '', cursor: cursor(listener.user, seq) });
				continue;
			}
			const roles = new Map(
				(await tables.members.list(project)).map(({ user, role }) => [user, role]),
			);
			for (const listener of listeners) {
				const role = roles.get(listener.user);
				if (role !== undefined) listener.projects.add(project);
				if (!listener.projects.has(project)) continue;
				// A labeler is not told that others work: in a blind round even that would say something.
				if (role === 'labeler' && !(await concerns(listener, project, seq))) continue;
				tell(listener, { project, cursor: cursor(listener.user, seq) });
				if (role === undefined) listener.projects.delete(project);
			}
		}
		for (const run of moved) {
			const project = await projectOf(run);
			if (project === undefined) continue;
			const readers = new Set(
				(await tables.members.list(project))
					.filter(({ role }) => role !== 'labeler')
					.map(({ user }) => user),
			);
			for (const listener of listeners)
				if (readers.has(listener.user)) tell(listener, { run, cursor: cursor(listener.user, seq) });
		}
	}

	/** Whether what changed since the last look is anything to the person; what came before the first hint is in it. */
	async function concerns(listener: Listener, project: string, seq: number): Promise<boolean> {
		if (listener.since === undefined) return false;
		const since = Math.max(listener.since, listener.looked.get(project) ?? 0);
		if (since >= seq) return false;
		listener.looked.set(project, seq);
		return tables.changes.concerns({ user: listener.user, project, since });
	}

	function ping(): void {
		for (const listener of listeners) {
			if (listener.unanswered >= unansweredLimit) {
				listener.socket.terminate();
				continue;
			}
			listener.unanswered++;
			listener.socket.ping();
			// A page hears no ping, and has to notice silence, too.
			tell(listener, stillHere);
		}
	}

	return {
		async accept(socket, { user, credential }) {
			const listener: Listener = {
				user,
				credential,
				socket,
				projects: new Set(),
				since: undefined,
				looked: new Map(),
				unanswered: 0,
			};
			listeners.add(listener);
			socket.on('pong', () => (listener.unanswered = 0));
			socket.on('message', () => (listener.unanswered = 0));
			socket.on('error', () => socket.terminate());
			socket.on('close', () => listeners.delete(listener));
			for (const { id } of await tables.projects.listOf(user)) listener.projects.add(id);
			// What changed between the handshake and here would be missed otherwise.
			listener.since = await tables.changes.head();
			tell(listener, { project: '', cursor: cursor(user, listener.since) });
		},
		credentialEnded(credential) {
			for (const listener of listeners) {
				if (listener.credential !== credential) continue;
				listeners.delete(listener);
				const { code, reason } = closeCodes.credentialEnded;
				listener.socket.close(code, reason);
			}
		},
		run(run) {
			runs.add(run);
			schedule();
		},
		get connections() {
			return listeners.size;
		},
		close() {
			stopListening();
			clearInterval(pings);
			clearTimeout(timer);
		},
	};
}

function tell({ socket }: Listener, hint: object): void {
	if (socket.readyState !== socket.OPEN || socket.bufferedAmount > lagBytes) return;
	socket.send(JSON.stringify(hint));
}
