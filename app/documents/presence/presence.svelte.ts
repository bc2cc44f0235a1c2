import { atMost, type Paced } from '#app/net/at-most.ts';
import { KeyedSignals } from '../parts/keyed-signals.svelte.ts';
import { newId } from '../parts/new-id.ts';
import type { PeerState, SelfState } from './presence-state.ts';
import type { TabChannel, TabMessage } from '../device/tab-channel.ts';

/** Moves leave this device so often at most: three a second. */
const moveMs = 330;

type OnSelf = (document: string, state: SelfState | null) => void;

export interface PresenceOptions {
	readonly channel: TabChannel;
	/** Before the name of the lock by which a tab is known to live. */
	readonly name: string;
	/** Undefined where there are none: plain http. */
	readonly locks: LockManager | undefined;
}

/**
 * Who else is in a document, and where this person is. Only the leading tab is connected; the others tell
 * it where they are and are told who is there. Whoever moved last in any tab is where this person is; a tab that
 * goes, however it goes, lets go of its lock, and what it said is forgotten.
 */
export class Presence {
	readonly #channel: TabChannel;
	readonly #signals = new KeyedSignals();
	readonly #others: Record<string, readonly PeerState[]> = {};
	readonly #tab = newId();
	readonly #lockName: (tab: string) => string;
	readonly #locks: LockManager | undefined;
	readonly #closing = new AbortController();
	/** Resolves when this tab holds its lock: before that nobody could tell whether it lives. */
	readonly #isKnown: Promise<void>;
	/** What this page shows. */
	readonly #own = new Map<string, SelfState>();
	/** What every tab said, by document; in each the tab that moved last comes last. */
	readonly #selves = new Map<string, Map<string, SelfState>>();
	readonly #watched = new Set<string>();
	readonly #senders = new Map<string, Paced>();
	#onSelf: OnSelf | undefined;

	constructor({ channel, name, locks }: PresenceOptions) {
		this.#channel = channel;
		this.#locks = locks;
		this.#lockName = (tab) => `${name}:tab:${tab}`;
		this.#isKnown = this.#live();
		channel.listen((message) => this.#receive(message));
	}

	/** The others in a document, as far as known. */
	othersIn(document: string): readonly PeerState[] {
		this.#signals.read(document);
		return this.#others[document] ?? [];
	}

	/** Says where this person is; null when they left the document. */
	setSelf(document: string, state: SelfState | null): void {
		if (isSame(this.#own.get(document) ?? null, state)) return;
		if (state) this.#own.set(document, state);
		else this.#own.delete(document);
		this.#hear({ document, tab: this.#tab, state });
		this.#tell(document);
	}

	/** For the leading tab: where this person is in a document. */
	selfIn(document: string): SelfState | null {
		return [...(this.#selves.get(document)?.values() ?? [])].at(-1) ?? null;
	}

	/** For the leading tab: calls back when this person moves, in any tab, and not too often. */
	lead(onSelf: OnSelf): void {
		this.#onSelf = onSelf;
		this.#channel.tell({ kind: 'leader' });
	}

	/** For the leading tab: shows who is there, in every tab. */
	tellOthers(document: string, others: readonly PeerState[]): void {
		this.#show(document, others);
		this.#channel.tell({ kind: 'others', document, others });
	}

	/** Lets go of what keeps this tab known. */
	close(): void {
		this.#onSelf = undefined;
		for (const sender of this.#senders.values()) sender.stop();
		this.#closing.abort();
	}

	#receive(message: TabMessage): void {
		switch (message.kind) {
			case 'self':
				return this.#hear(message);
			case 'others':
				return this.#show(message.document, message.others);
			case 'leader':
				for (const document of this.#own.keys()) this.#tell(document);
				return;
			case 'hurry':
			case 'log':
			case 'version':
			case 'wake':
				return; // of documents
		}
	}

	#tell(document: string): void {
		const state = this.#own.get(document) ?? null;
		void this.#isKnown.then(() =>
			this.#channel.tell({ kind: 'self', document, tab: this.#tab, state }),
		);
	}

	#hear({ document, tab, state }: Said): void {
		const selves = this.#selves.get(document) ?? new Map<string, SelfState>();
		selves.delete(tab);
		if (state) selves.set(tab, state);
		this.#selves.set(document, selves);
		if (tab !== this.#tab) this.#watch(tab);
		this.#send(document);
	}

	#send(document: string): void {
		if (!this.#onSelf) return;
		const sender =
			this.#senders.get(document) ??
			atMost(moveMs, () => this.#onSelf?.(document, this.selfIn(document)));
		this.#senders.set(document, sender);
		sender.ask();
	}

	#show(document: string, others: readonly PeerState[]): void {
		this.#others[document] = others;
		this.#signals.announce(document);
	}

	/** Holds this tab's lock until it is closed, or gone. */
	async #live(): Promise<void> {
		if (!this.#locks) return;
		const held = Promise.withResolvers<void>();
		const closed = new Promise<void>((resolve) =>
			this.#closing.signal.addEventListener('abort', () => resolve()),
		);
		void this.#locks.request(this.#lockName(this.#tab), () => {
			held.resolve();
			return closed;
		});
		await held.promise;
	}

	/** Forgets what another tab said once it is gone. */
	#watch(tab: string): void {
		if (!this.#locks || this.#watched.has(tab)) return;
		this.#watched.add(tab);
		const { signal } = this.#closing;
		const forget = () => {
			this.#watched.delete(tab);
			for (const [document, selves] of this.#selves) if (selves.delete(tab)) this.#send(document);
		};
		this.#locks
			.request(this.#lockName(tab), { mode: 'shared', signal }, forget)
			.catch((error: unknown) => {
				if (!signal.aborted) reportError(error);
			});
	}
}

type Said = Pick<Extract<TabMessage, { kind: 'self' }>, 'document' | 'tab' | 'state'>;

function isSame(a: SelfState | null, b: SelfState | null): boolean {
	return JSON.stringify(a) === JSON.stringify(b);
}
