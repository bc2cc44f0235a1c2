import { documentVersion } from '#shared/wire/document-version.ts';
import { Api } from '#app/net/api.ts';
import { Bell } from '#app/net/bell.ts';
import { fullJitterMs } from '#app/net/jitter.ts';
import { lead } from '#app/replica/leadership.ts';
import type { Refused } from '#app/replica/database.ts';
import { CatchUp } from './catch-up.ts';
import { Connection } from './connection.ts';
import { forgetOldUndo } from '../device/undo-steps.ts';
import type { Documents } from '../documents.ts';
import type { DocumentHandle } from '../open-document.svelte.ts';
import { readPeers } from '../presence/presence-state.ts';
import { beginAnew, damaged } from '../unsent/refused.ts';

export interface SyncOptions {
	/** Where the server is; the page's own origin unless told. */
	readonly origin?: string;
	/** The server wants another sign-in; `retry` once there is one. */
	readonly onSignedOut?: () => void;
	readonly socket?: typeof WebSocket;
	/** What is asked without a socket; by default at the origin, as the person of the documents. */
	readonly api?: Pick<Api, 'fetch'>;
	readonly locks?: LockManager;
	readonly random?: () => number;
	readonly silenceMs?: number;
	readonly stableMs?: number;
	/** What this app writes; a test plays an older one. */
	readonly version?: number;
}

export interface Sync {
	/** The server answers this person: connect at once, also what waited for rights or for signing in. */
	wake(): void;
	/** The same; resolves when every tab has been told. */
	retry(): Promise<void>;
	stop(): void;
}

/** Sockets that are open at the same time, at most. */
const openLimit = 20;
const lookAgainMs = 10_000;
/** Of these, that nobody shows. */
const hiddenLimit = 5;
/** An answer to a hundred documents; half a megabyte goes out before it. */
const answerLimitMs = 60_000;

interface Open {
	readonly connection: Connection;
	readonly handle: DocumentHandle;
}

/**
 * Sends and receives documents. One tab does it for all tabs of a person: over sockets those that some tab
 * shows, and all others many at once (catch-up.ts), what the server has not confirmed before anything else.
 */
export function startSync(documents: Documents, options: SyncOptions = {}): Sync {
	const { presence, replica } = documents;
	const origin = options.origin ?? location.origin;
	const url = `${origin.replace(/^http/, 'ws')}/sync`;
	const open = new Map<string, Open>();
	const recovering = new Set<string>();
	const version = options.version ?? documentVersion;
	/** Documents that this app is too old to write: told once, they are only read from then on. */
	const outdated = new Set<string>();
	/** Documents that nobody shows and that only a socket can bring up to date. */
	const bySocket = new Set<string>();
	/** Documents that a socket is for, as of the last look; others are on their way out. */
	let wanted: readonly string[] = [];
	const bell = new Bell();
	const { random, silenceMs } = options;
	/** Said once, however many documents hear of it, until something is tried again. */
	let isSignedOut = false;
	const signedOut = () => {
		if (!isSignedOut) options.onSignedOut?.();
		isSignedOut = true;
	};
	const catchUp = new CatchUp({
		documents,
		api: options.api ?? new Api(options.origin ?? '').as(documents.user),
		limitMs: silenceMs ?? answerLimitMs,
		version,
		...(random ? { random } : {}),
		isBySocket: (name) => open.has(name) || bySocket.has(name),
		onSocket(name) {
			bySocket.add(name);
			bell.ring();
		},
		onOutdated: (name) => outdated.add(name),
		onSignedOut: signedOut,
	});

	const close = (name: string) => {
		const found = open.get(name);
		if (!found) return;
		open.delete(name);
		found.connection.destroy();
		found.handle.release();
		presence.tellOthers(name, []);
	};

	const connect = (name: string) => {
		const handle = documents.acquire(name);
		const { log } = documents.find(name)!;
		const { socket, stableMs } = options;
		const connection = new Connection(log, {
			url,
			user: documents.user,
			...(socket ? { socket } : {}),
			...(random ? { random } : {}),
			...(silenceMs === undefined ? {} : { silenceMs }),
			...(stableMs === undefined ? {} : { stableMs }),
			version,
			onBlocked(block) {
				close(name);
				void log.block(block);
				if (block === 'signed-out') signedOut();
			},
			onWaiting() {
				// Nobody shows it any more: what it has goes with the others.
				if (!wanted.includes(name)) bell.ring();
			},
			onOutdated() {
				outdated.add(name);
				void log.block('outdated');
			},
			onRefused(refused) {
				close(name);
				void log.block('refused', refused).then(() => bell.ring());
			},
		});
		const { awareness } = connection;
		awareness.on('change', () => {
			const self = { client: awareness.clientID, user: documents.user };
			presence.tellOthers(name, readPeers(awareness.getStates(), self));
		});
		awareness.setLocalState(presence.selfIn(name));
		open.set(name, { connection, handle });
		// What lies on this device belongs into the first exchange.
		void whenLoaded(log).then(() => connection.wake());
	};

	const recover = async (name: string, refused: Refused, signal: AbortSignal) => {
		if (recovering.has(name)) return;
		recovering.add(name);
		try {
			await beginAnew({
				documents,
				name,
				user: documents.user,
				refused,
				url,
				signal,
				...options,
			});
		} catch (error) {
			if (!signal.aborted) console.warn(`${name} waits to be begun anew`, error);
		} finally {
			recovering.delete(name);
		}
	};

	const reconcile = async (signal: AbortSignal) => {
		if (signal.aborted) return;
		const dirty = await replica.documents.where('isDirty').equals(1).primaryKeys();
		const shown = await documents.shownAnywhere();
		if (signal.aborted) return; // the database may be closed by now
		const blocked = await replica.documents.where('block').notEqual('').toArray();
		if (signal.aborted) return;
		const isBlocked = new Set(
			blocked.flatMap(({ document, block }) => (block === 'outdated' ? [] : [document])),
		);
		const isShown = new Set(shown);
		const unsent = dirty.filter((name) => !outdated.has(name) && !isBlocked.has(name));
		for (const name of isBlocked) bySocket.delete(name);
		for (const [name, { connection }] of open) if (connection.isLevel) bySocket.delete(name);
		wanted = [...new Set([...[...bySocket].slice(0, hiddenLimit), ...shown])]
			.filter((name) => !isBlocked.has(name))
			.slice(0, openLimit);
		for (const [name, { connection }] of open) {
			const isReplaced = documents.find(name)?.log !== connection.log;
			const isDone = connection.isSettled || connection.isAway;
			if (isReplaced || (!wanted.includes(name) && isDone)) close(name);
		}
		for (const name of wanted) if (!open.has(name) && open.size < openLimit) connect(name);
		catchUp.offer(
			unsent.filter((name) => !open.has(name) && !bySocket.has(name) && !isShown.has(name)),
		);
		for (const { document, block, refusal } of blocked)
			if (block === 'refused' && refusal) void recover(document, refusal, signal);
			else if (block === 'damaged') void recover(document, damaged, signal);
	};

	const hurry = () => {
		isSignedOut = false;
		for (const [name, { connection }] of open) if (wanted.includes(name)) connection.hurry();
		catchUp.hurry();
		bell.ring();
	};
	const stopWaking = documents.onWake((name) => {
		if (name === undefined) return bell.ring();
		// A connected document that was written needs no look at all the others.
		const { connection } = open.get(name) ?? {};
		const isForeign = !connection || connection.log !== documents.find(name)?.log;
		if (isForeign || bySocket.has(name)) bell.ring();
	});
	// The leader may be a tab in the background, whose timers the browser slows down: a tab that somebody
	// comes back to wakes it.
	const onVisible = () => {
		if (document.visibilityState === 'visible') documents.hurry();
	};
	const stopHurrying = documents.onHurry(hurry);
	const onOnline = () => documents.hurry();
	addEventListener('online', onOnline);
	document.addEventListener('visibilitychange', onVisible);
	const begin = async () => {
		await documents.unblock();
		await forgetOldUndo(replica);
	};
	const beginLeading = () =>
		lead(
			`${replica.name}:sync`,
			async (signal) => {
				presence.lead((name, state) => open.get(name)?.connection.awareness.setLocalState(state));
				let catchingUp: Promise<void> | undefined;
				for (let failures = 0; !signal.aborted;) {
					let waitMs = lookAgainMs;
					try {
						if (!catchingUp) await begin();
						await reconcile(signal);
						catchingUp ??= catchUp.run(signal);
						failures = 0;
					} catch (error) {
						if (signal.aborted) break;
						// Storage that fails comes back, and nobody else leads meanwhile.
						console.warn('This device cannot tell what is to be sent', error);
						waitMs = 250 + fullJitterMs(failures++, random ? { random } : {});
					}
					await bell.wait(waitMs, signal);
				}
				for (const name of [...open.keys()]) close(name);
				await catchingUp;
			},
			options.locks ?? navigator.locks,
		);
	let stopLeading = beginLeading();
	// What a newer tab writes, an older one may not be able to send: the newer one goes first.
	const stopHearing = documents.channel.listen((message) => {
		if (message.kind !== 'version' || message.version <= version) return;
		stopLeading();
		stopLeading = beginLeading();
	});
	// Not before this tab stands in the queue for the lock, or the older one is back in it first: a question to
	// the locks is answered after what was asked of them before.
	const locks: LockManager | undefined = options.locks ?? navigator.locks;
	void Promise.resolve(locks?.query())
		.then(() => documents.channel.tell({ kind: 'version', version }))
		.catch(reportError);

	return {
		wake: () => void documents.unblock().catch(reportError),
		retry: () => documents.unblock(),
		stop() {
			removeEventListener('online', onOnline);
			stopHurrying();
			document.removeEventListener('visibilitychange', onVisible);
			stopWaking();
			stopHearing();
			stopLeading();
			for (const name of [...open.keys()]) close(name);
		},
	};
}

/** Resolves when what lies on this device is in the doc. */
async function whenLoaded(log: Connection['log']): Promise<void> {
	while (!log.isLoaded && !log.isSuperseded)
		await new Promise<void>((resolve) => {
			const stop = log.subscribe(() => {
				stop();
				resolve();
			});
		});
}
