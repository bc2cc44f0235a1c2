import type { PeerState, SelfState } from '../presence/presence-state.ts';

/** What tabs of one person on one device tell each other. Losing a message costs a moment, never data. */
export type TabMessage =
	/** Rows or bookkeeping of a document changed in IndexedDB. */
	| { readonly kind: 'log'; readonly document: string }
	/** A tab opened or closed a document, or wants the connections looked at again. */
	| { readonly kind: 'wake' }
	/** The server can be reached again, or somebody came back to a page. */
	| { readonly kind: 'hurry' }
	/** A tab opened whose app writes this version of documents. */
	| { readonly kind: 'version'; readonly version: number }
	/** Another tab leads from now on and wants to know where everybody's pages are. */
	| { readonly kind: 'leader' }
	/** Where this person is in a document; the leading tab sends it to the others of the batch. */
	| {
			readonly kind: 'self';
			readonly document: string;
			readonly tab: string;
			readonly state: SelfState | null;
	  }
	/** Who else is there, as the leading tab sees it. */
	| { readonly kind: 'others'; readonly document: string; readonly others: readonly PeerState[] };

/** A channel between the tabs that have the same database open. */
export class TabChannel {
	readonly #channel: BroadcastChannel;
	#isClosed = false;
	readonly #listeners = new Set<(message: TabMessage) => void>();

	constructor(name: string) {
		this.#channel = new BroadcastChannel(name);
		this.#channel.onmessage = ({ data }: MessageEvent<TabMessage>) => {
			for (const listener of this.#listeners) listener(data);
		};
	}

	/** Tells all other tabs; nothing once it is closed. */
	tell(message: TabMessage): void {
		if (!this.#isClosed) this.#channel.postMessage(message);
	}

	listen(listener: (message: TabMessage) => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	close(): void {
		this.#isClosed = true;
		this.#channel.close();
	}
}
