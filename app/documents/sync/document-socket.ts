import type * as Y from 'yjs';
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness';
import { WebsocketProvider } from 'y-websocket';
import { readMessage, writeMessage, type Message } from '#shared/wire/messages.ts';
import { applyInSlices } from '../device/slices.ts';
import { InOrder } from './in-order.ts';

/** What the server says and somebody has to answer or to keep. */
export type Heard = Extract<Message, { kind: 'step1' | 'barrier' | 'refused' | 'head' }>;

export interface DocumentSocketOptions {
	readonly doc: Y.Doc;
	/** `<project>/<batch>/<part>` */
	readonly name: string;
	/** `ws://host/sync` */
	readonly url: string;
	readonly socket?: typeof WebSocket;
	/** Nothing was heard for this long: the network swallows what is sent. */
	readonly silenceMs?: number;
	readonly onOpen: () => void;
	/** In the order of the server; what it sent of the document before is in the doc. */
	readonly onHeard: (message: Heard) => void | Promise<void>;
	/** The server's state is in the doc. */
	readonly onServerState: () => void;
	/** The socket closed, or was given up; the code is the server's, where it said one. */
	readonly onClosed: (code: number | undefined) => void;
}

/**
 * One document's socket: a y-websocket provider without a will of its own. It takes into the doc what the
 * server sends, and says where this person is. When it connects, and what of the doc is sent when, is for others
 * to decide: the stock provider would send what is written before the server was sent what that builds on, and
 * at any size.
 */
export class DocumentSocket {
	readonly awareness: Awareness;
	readonly #options: DocumentSocketOptions;
	readonly #provider: WebsocketProvider;
	/** What the server says, in its order, however long a part of it takes. */
	readonly #heard = new InOrder();
	#silence: ReturnType<typeof setTimeout> | undefined;

	constructor(options: DocumentSocketOptions) {
		const { doc, socket } = options;
		this.#options = options;
		this.awareness = new Awareness(doc);
		this.awareness.setLocalState(null); // until somebody looks at the document
		this.#provider = new WebsocketProvider(options.url, options.name, doc, {
			awareness: this.awareness,
			connect: false,
			disableBc: true,
			shouldReconnect: () => false, // its retries have no jitter; ours do
			...(socket ? { WebSocketPolyfill: socket } : {}),
		});
		doc.off('update', this.#provider._updateHandler);
		this.#sayOnlyOwnPresence();
		this.#handleMessages();
		this.#provider.on('status', ({ status }) => {
			if (status === 'connected') options.onOpen();
		});
		this.#provider.on('sync', (isSynced) => {
			if (isSynced) options.onServerState();
		});
		this.#provider.on('connection-close', (event) => {
			this.answered();
			options.onClosed(event?.code);
		});
	}

	/** What the server sent has this origin in the doc. */
	get origin(): object {
		return this.#provider;
	}

	/** The server's state arrived over the socket that is open now. */
	get hasServerState(): boolean {
		return this.#provider.synced;
	}

	/** Opens a socket; `params` go into its address. */
	connect(params: Readonly<Record<string, string>>): void {
		this.#provider.params = params;
		this.expectAnswer();
		this.#provider.connect();
	}

	send(message: Message): void {
		this.#provider.ws?.send(writeMessage(message) as Uint8Array<ArrayBuffer>);
	}

	/** An answer is due from now on: without one the socket is given up. */
	expectAnswer(): void {
		this.answered();
		const waiting = this.#unsentBytes;
		this.#silence = setTimeout(() => {
			// As long as what was sent goes out, the network only is slow.
			if (this.#unsentBytes < waiting) this.expectAnswer();
			else this.#provider.disconnect();
		}, this.#options.silenceMs ?? 10_000);
	}

	/** No answer is due. */
	answered(): void {
		clearTimeout(this.#silence);
	}

	destroy(): void {
		this.answered();
		this.#provider.destroy();
		this.awareness.destroy();
	}

	get #unsentBytes(): number {
		return this.#provider.ws?.bufferedAmount ?? 0;
	}

	/**
	 * The stock provider repeats to the server whatever it hears of others: in a batch of fifty every move would
	 * come back fifty times. The server tells everybody, so that each says only where they are themselves.
	 */
	#sayOnlyOwnPresence(): void {
		const { awareness } = this;
		awareness.off('update', this.#provider._awarenessUpdateHandler);
		awareness.on('update', (_changes: unknown, origin: unknown) => {
			if (origin !== 'local' || !this.#provider.wsconnected) return;
			const update = encodeAwarenessUpdate(awareness, [awareness.clientID]);
			this.send({ kind: 'awareness', update });
		});
	}

	/** All but presence, which the provider knows how to take. */
	#handleMessages(): void {
		for (const type of [0, 2, 102, 103, 105])
			this.#provider.messageHandlers[type] = (_encoder, { arr: frame }) => {
				const message = readMessage(frame);
				if (!message) throw new Error('the server sent a message that cannot be read');
				this.#hear(message);
			};
	}

	/** Takes a message after what was heard before it; what is left of another socket is taken by nobody. */
	#hear(message: Message): void {
		const { ws } = this.#provider;
		this.#heard.run(() => (this.#provider.ws === ws ? this.#take(message) : undefined));
	}

	#take(message: Message): void | Promise<void> {
		switch (message.kind) {
			case 'step2':
			case 'update':
				return this.#takeIn(message);
			case 'step1':
			case 'barrier':
			case 'refused':
			case 'head':
				return this.#options.onHeard(message);
			// Said to who may only read; `access` has told the page already.
			case 'denied':
			case 'awareness':
			case 'queryAwareness':
		}
	}

	async #takeIn({ kind, update }: Extract<Message, { update: Uint8Array }>): Promise<void> {
		const { ws } = this.#provider;
		await applyInSlices(this.#options.doc, [update], this.#provider);
		if (kind === 'step2' && this.#provider.ws === ws) this.#provider.synced = true;
	}
}
