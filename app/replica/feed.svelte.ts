import { SvelteMap } from 'svelte/reactivity';
import { ApiError, Offline, type Api } from '#app/net/api.ts';
import { Bell } from '#app/net/bell.ts';
import { fullJitterMs } from '#app/net/jitter.ts';
import { applyChanges, readChangePage, readCursor, type ChangePage } from './apply-changes.ts';
import type { Replica } from './database.ts';
import type { Hint } from './hints.ts';
import { lead } from './leadership.ts';
import { listen } from './listen.ts';

export interface FeedOptions {
	/** Where `/live` is; the page's own origin unless told. */
	readonly origin?: string;
	/** Whose replica it is: with somebody else's cookie nothing is heard. */
	readonly user: string;
	/** The session is over: the feed waits for `wake`. */
	readonly onSignedOut?: () => void;
	/** The server answers this person again: what waits elsewhere may try at once. */
	readonly onReached?: () => void;
	readonly socket?: typeof WebSocket;
}

export interface Feed {
	/** Whether the last attempt reached the server; undefined before the first. Shown, never relied on. */
	readonly isReached: boolean | undefined;
	/** Changes whenever there is news of a run (log, metrics): read it in an effect and ask for more. */
	newsOfRun(run: string): string;
	/** Tries now: after signing in, or when a command has just changed something. */
	wake(): void;
	stop(): void;
}

/** What tabs of one person tell each other about the feed. */
type TabMessage =
	| { readonly kind: 'wake' }
	| { readonly kind: 'hint'; readonly hint: Hint }
	| { readonly kind: 'reached'; readonly isReached: boolean };

const pollMs = 60_000;
/** A network that swallows packets answers nothing at all: after this long it counts as away. */
const answerLimitMs = 20_000;

/**
 * Keeps the replica in step with the server. One tab does it, the others see its writes through Dexie.
 * Hints of `/live` wake it, and a poll a minute makes up for lost ones.
 */
export function startFeed(replica: Replica, api: Api, options: FeedOptions): Feed {
	const bell = new Bell();
	const runs = new SvelteMap<string, string>();
	const channel = new BroadcastChannel(`${replica.name}:feed`);
	let isReached = $state<boolean | undefined>();

	const hear = (hint: Hint) => {
		if ('run' in hint) runs.set(hint.run, hint.cursor);
		bell.ring();
	};
	const tell = (message: TabMessage) => channel.postMessage(message);
	channel.onmessage = ({ data }: MessageEvent<TabMessage>) => {
		switch (data.kind) {
			case 'wake':
				return bell.ring();
			case 'hint':
				return hear(data.hint);
			case 'reached':
				isReached = data.isReached;
		}
	};
	tell({ kind: 'wake' }); // the leader, if there is one, answers how it stands

	const stopLeading = lead(`${replica.name}:feed`, async (signal) => {
		const live = listen({
			...options,
			onHint(hint) {
				hear(hint);
				tell({ kind: 'hint', hint });
			},
			onOpen: () => bell.ring(), // hints were missed while nobody listened
			signal,
		});
		let failures = 0;
		let isServed = false;
		while (!signal.aborted) {
			let waitMs = pollMs;
			try {
				const isAnew = await catchUp(replica, api, signal);
				failures = 0;
				if (!isServed || isAnew) options.onReached?.();
				isServed = isReached = true;
				live.connect();
			} catch (error) {
				if (signal.aborted) return;
				isServed = false;
				if (error instanceof ApiError && error.status === 401) options.onSignedOut?.();
				else if (!(error instanceof Offline)) reportError(error);
				isReached = !(error instanceof Offline);
				waitMs = 250 + fullJitterMs(failures++);
			}
			tell({ kind: 'reached', isReached });
			await bell.wait(waitMs, signal);
		}
	});
	const wake = () => {
		bell.ring();
		tell({ kind: 'wake' });
	};
	const onVisible = () => {
		if (document.visibilityState === 'visible') wake(); // the leader may sleep in the background
	};
	// A network that comes back comes back for everybody in the building.
	let soon: ReturnType<typeof setTimeout> | undefined;
	const onOnline = () => {
		clearTimeout(soon);
		soon = setTimeout(wake, fullJitterMs(1));
	};
	addEventListener('online', onOnline);
	document.addEventListener('visibilitychange', onVisible);

	return {
		get isReached() {
			return isReached;
		},
		newsOfRun: (run) => runs.get(run) ?? '',
		wake,
		stop() {
			clearTimeout(soon);
			removeEventListener('online', onOnline);
			document.removeEventListener('visibilitychange', onVisible);
			stopLeading();
			channel.close();
		},
	};
}

/** Reads all pages from where the replica stands; true where that is no place of this server. */
async function catchUp(replica: Replica, api: Api, signal: AbortSignal): Promise<boolean> {
	let cursor = await readCursor(replica);
	for (;;) {
		const page = await fetchPage(api, cursor, signal);
		if (!page) {
			await rebuild(replica, api, signal);
			return true;
		}
		if (page.rows.length > 0 || page.cursor !== cursor)
			await applyChanges(replica, page.rows, page.cursor);
		cursor = page.cursor;
		if (!page.more) return false;
	}
}

/** Fetches everything before anything is thrown away, so that pages never stand empty in between. */
async function rebuild(replica: Replica, api: Api, signal: AbortSignal): Promise<void> {
	const rows: ChangePage['rows'][number][] = [];
	for (let cursor: string | undefined; ;) {
		const page = await fetchPage(api, cursor, signal);
		if (!page) throw new Error('The change feed refuses its own cursor');
		rows.push(...page.rows);
		cursor = page.cursor;
		if (!page.more) return applyChanges(replica, rows, cursor, { isRebuild: true });
	}
}

async function fetchPage(
	api: Api,
	cursor: string | undefined,
	signal: AbortSignal,
): Promise<ChangePage | undefined> {
	const query = cursor === undefined ? '' : `?since=${encodeURIComponent(cursor)}`;
	const limited = AbortSignal.any([signal, AbortSignal.timeout(answerLimitMs)]);
	let text: string;
	try {
		const response = await api.fetch(`/api/changes${query}`, { signal: limited });
		text = await response.text();
	} catch (error) {
		signal.throwIfAborted();
		throw error instanceof ApiError ? error : new Offline({ cause: error });
	}
	return readChangePage(text);
}
