import { KeyedSignals } from './keyed-signals.svelte.ts';
import type { PeerState, SelfState } from './presence-state.ts';
import type { TabChannel } from './tab-channel.ts';

/**
 * Who else is in a document, and where this person is. Only the leading tab is connected; the others tell
 * it where they are and are told who is there. Whoever moved last in any tab is where this person is.
 */
export class Presence {
	readonly #channel: TabChannel;
	readonly #signals = new KeyedSignals();
	readonly #others: Record<string, readonly PeerState[]> = {};
	/** What this page shows, and what any tab said last. */
	readonly #own: Record<string, SelfState> = {};
	readonly #selves: Record<string, SelfState | null> = {};
	#onSelf: (document: string, state: SelfState | null) => void = () => {};

	constructor(channel: TabChannel) {
		this.#channel = channel;
		channel.listen((message) => {
			if (message.kind === 'self') this.#hear(message.document, message.state);
			if (message.kind === 'others') this.#show(message.document, message.others);
			if (message.kind === 'leader')
				for (const [document, state] of Object.entries(this.#own))
					channel.tell({ kind: 'self', document, state });
		});
	}

	/** The others in a document, as far as known. */
	othersIn(document: string): readonly PeerState[] {
		this.#signals.read(document);
		return this.#others[document] ?? [];
	}

	/** Says where this person is; null when they left the document. */
	setSelf(document: string, state: SelfState | null): void {
		if (state) this.#own[document] = state;
		else delete this.#own[document];
		this.#hear(document, state);
		this.#channel.tell({ kind: 'self', document, state });
	}

	/** For the leading tab: where this person is in a document. */
	selfIn(document: string): SelfState | null {
		return this.#selves[document] ?? null;
	}

	/** For the leading tab: calls back when this person moves, in any tab. */
	lead(onSelf: (document: string, state: SelfState | null) => void): void {
		this.#onSelf = onSelf;
		this.#channel.tell({ kind: 'leader' });
	}

	/** For the leading tab: shows who is there, in every tab. */
	tellOthers(document: string, others: readonly PeerState[]): void {
		this.#show(document, others);
		this.#channel.tell({ kind: 'others', document, others });
	}

	#hear(document: string, state: SelfState | null): void {
		this.#selves[document] = state;
		this.#onSelf(document, state);
	}

	#show(document: string, others: readonly PeerState[]): void {
		this.#others[document] = others;
		this.#signals.announce(document);
	}
}
