import { onTestFinished } from 'vitest';
import type { SavedTotals } from '#app/documents/saved.svelte.ts';
import { Answers } from '#app/documents/parts/answers.svelte.ts';
import { Documents } from '#app/documents/documents.ts';
import { startSync, type Sync, type SyncOptions } from '#app/documents/sync/sync.ts';
import { openReplica, type Replica } from '#app/replica/database.ts';
import type { PeerServer } from './peer-server.ts';

export const name = 'reviews/b1/answers';

/** A device of its own: a database that nobody else has, gone with the browser of this test run. */
export function newEpoch(): string {
	return crypto.randomUUID();
}

/** A tab on a device: its own connection to IndexedDB and its own documents. */
export interface Tab {
	readonly replica: Replica;
	readonly documents: Documents;
	close(): Promise<void>;
}

export function openTab(epoch: string, user = 'u1'): Tab {
	const replica = openReplica(epoch, user);
	const documents = new Documents(replica, user);
	let closing: Promise<void> | undefined;
	const close = () =>
		(closing ??= (async () => {
			await documents.close();
			replica.close();
		})());
	onTestFinished(close);
	return { replica, documents, close };
}

/** Answers an item of the document and submits it, in one change, as the desk does; answers the submission’s id. */
export function label(tab: Tab, item: string, value = 'positive'): string {
	const handle = tab.documents.open(name);
	const answers = new Answers(handle);
	const id = answers.together(() => {
		answers.setValue(item, 'sentiment', value);
		return answers.submit(item, { me: tab.documents.user, spentMs: 1, schema: 1, seen: [] });
	});
	answers.close();
	handle.release();
	return id;
}

/** Connects a tab to the scripted server; retries come at once, so that nothing in a test waits for luck. */
export function connect(tab: Tab, server: PeerServer, options: SyncOptions = {}): Sync {
	const sync = startSync(tab.documents, {
		origin: 'http://peer.test',
		socket: server.socket,
		api: server.api,
		random: () => 0.02,
		...options,
	});
	onTestFinished(() => sync.stop());
	return sync;
}

/** Reads reactive state as a page does, and answers the newest value. */
export function watch<T>(read: () => T): { readonly current: T; readonly runs: number } {
	let current!: T;
	let runs = 0;
	const stop = $effect.root(() => {
		$effect(() => {
			current = read();
			runs++;
		});
	});
	onTestFinished(stop);
	return {
		get current() {
			return current;
		},
		get runs() {
			return runs;
		},
	};
}

export function totalsOf(saved: SavedTotals) {
	const { saving, notSaved, onDevice, onServer, blocked, refused } = saved;
	return { saving, notSaved, onDevice, onServer, blocked, refused };
}
