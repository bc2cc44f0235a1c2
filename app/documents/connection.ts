import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { Awareness } from 'y-protocols/awareness';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { closeCodes, refusals } from '#shared/wire/close-codes.ts';
import { documentVersion } from '#shared/wire/document-version.ts';
import { writeMessage, type Message } from '#shared/wire/messages.ts';
import { fullJitterMs } from '#app/net/jitter.ts';
import type { Refused } from '#app/replica/database.ts';
import type { DocumentLog } from './document-log.ts';

/** Where the connection of one document stands. */
type ConnectionState =
	/** After a failure, until the time has come. */
	| { readonly kind: 'waiting' }
	| { readonly kind: 'connecting' }
	/** Open; the server has not yet been sent what it lacks. */
	| { readonly kind: 'greeting' }
	/** Everything in the doc is on its way. `barrier`: how many local changes the server was asked to confirm. */
	| { readonly kind: 'open'; readonly barrier: number | undefined }
	| { readonly kind: 'stopped' };

export interface ConnectionOptions {
	/** `ws://host/sync` */
	readonly url: string;
	/** Whose work it is: with somebody else's cookie nothing is sent. */
	readonly user: string;
	readonly socket?: typeof WebSocket;
	readonly random?: () => number;
	/** Nothing was heard for this long: the network swallows what is sent. */
	readonly silenceMs?: number;
	/** What this app writes; a test plays an older one. */
	readonly version?: number;
	/** The server closed for good: it wants another sign-in, or knows no such document. */
	readonly onBlocked: (block: 'signed-out' | 'not-found') => void;
	/** Message 103: what was sent will never be accepted. */
	readonly onRefused: (refused: Refused) => void;
	/** This app is too old to write the document: nothing is wrong with what was sent, it waits as it is. */
	readonly onOutdated: () => void;
}

/**
 * One document's way to the server: a y-websocket provider, with the barrier of design §4 in it. The
 * barrier carries how many changes of this device the doc held when it was sent; it goes out only after
 * our step 2 did, because before that the server was not sent what was written while it was away. Its
 * return is the only thing that counts as "on the server".
 */
export class Connection {
	readonly log: DocumentLog;
	readonly awareness: Awareness;
	readonly #options: ConnectionOptions;
	readonly #provider: WebsocketProvider;
	readonly #stopListening: () => void;
	#state: ConnectionState = { kind: 'waiting' };
	#failures = 0;
	/** Until it connects again, the server reads nothing of what is sent. */
	#isOutdated = false;
	/** What the doc held, and the server too, when it was told a cursor. */
	#vouchedFor: Uint8Array | undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(log: DocumentLog, options: ConnectionOptions) {
		this.log = log;
		this.#options = options;
		this.awareness = new Awareness(log.doc);
		this.awareness.setLocalState(null); // until somebody looks at the document
		const { url, socket } = options;
		this.#provider = new WebsocketProvider(url, log.name, log.doc, {
			awareness: this.awareness,
			connect: false,
			disableBc: true,
			shouldReconnect: () => false, // its retries have no jitter; ours do
			...(socket ? { WebSocketPolyfill: socket } : {}),
		});
		log.addServerOrigin(this.#provider);
		this.#handleMessages();
		this.#provider.on('status', ({ status }) => {
			if (status !== 'connected') return;
			this.#state = { kind: 'greeting' };
			this.#expectAnswer();
		});
		this.#provider.on('sync', (isSynced) => {
			if (isSynced) void log.markServerState();
		});
		this.#provider.on('connection-close', (event) => this.#closed(event?.code));
		this.#stopListening = log.subscribe(() => this.#askForConfirmation());
	}

	/** The server confirmed everything, and nothing is on its way; or it takes nothing from this app. */
	get isSettled(): boolean {
		if (this.#isOutdated) return true;
		return this.log.row.isDirty === 0 && this.log.saved === 'on the server';
	}

	/** Connects now, whether or not the time has come. */
	wake(): void {
		if (this.#state.kind !== 'waiting') return;
		clearTimeout(this.#timer);
		this.#state = { kind: 'connecting' };
		this.#isOutdated = false;
		this.#expectAnswer();
		this.#sayCursor();
		this.#provider.connect();
	}

	/**
	 * Says how far this device is, where the server lacks nothing of it: then neither side sends what the
	 * other has, and the server need not even load the document.
	 */
	#sayCursor(): void {
		const { isLoaded, saved, row, doc } = this.log;
		const isLevel = isLoaded && saved === 'on the server' && row.cursor !== undefined;
		this.#vouchedFor = isLevel ? Y.encodeStateVector(doc) : undefined;
		const version = String(this.#options.version ?? documentVersion);
		this.#provider.params = {
			as: this.#options.user,
			cursor: isLevel ? row.cursor : '',
			version,
		};
	}

	destroy(): void {
		this.#state = { kind: 'stopped' };
		clearTimeout(this.#timer);
		this.#stopListening();
		this.#provider.destroy();
		this.awareness.destroy();
	}

	#handleMessages(): void {
		const handlers = this.#provider.messageHandlers;
		const sync = handlers[0]!;
		handlers[0] = (encoder, decoder, ...rest) => {
			const isStep1 = decoder.arr[decoder.pos] === 0;
			sync(encoder, decoder, ...rest);
			// The provider sends our step 2 as soon as this returns; the barrier must come behind it.
			if (isStep1) queueMicrotask(() => this.#greeted());
		};
		// Said to who may only read; `access` has told the page already.
		handlers[2] = () => {};
		handlers[102] = (_encoder, decoder) => this.#confirmed(decoding.readVarUint8Array(decoder));
		handlers[105] = (_encoder, decoder) => this.#heardHead(decoding.readVarString(decoder));
		handlers[103] = (_encoder, decoder) => {
			const code = decoding.readVarUint(decoder);
			decoding.readVarUint8Array(decoder);
			const reason = decoding.readVarString(decoder);
			queueMicrotask(() => {
				if (this.#state.kind === 'stopped') return;
				if (code === refusals.outdated.code) this.#foundOutdated();
				else this.#options.onRefused({ code, reason });
			});
		};
	}

	/**
	 * Everything up to the cursor was sent. In place of a step 1 it says that the server asks for nothing,
	 * since it was told that it lacks nothing: what was written after that was said is sent now.
	 */
	#heardHead(cursor: string): void {
		void this.log.keepCursor(cursor);
		if (this.#state.kind !== 'greeting' || !this.#vouchedFor) return;
		if (this.log.saved !== 'on the server') {
			const update = Y.encodeStateAsUpdate(this.log.doc, this.#vouchedFor);
			this.#send({ kind: 'step2', update });
		}
		this.#greeted();
	}

	#foundOutdated(): void {
		clearTimeout(this.#timer);
		if (this.#isOutdated) return;
		this.#isOutdated = true;
		this.#options.onOutdated();
	}

	#send(message: Message): void {
		this.#provider.ws?.send(writeMessage(message) as Uint8Array<ArrayBuffer>);
	}

	/** The server knows what we have. A step 1 in the middle makes an earlier barrier void: ask again. */
	#greeted(): void {
		if (this.#state.kind !== 'greeting' && this.#state.kind !== 'open') return;
		clearTimeout(this.#timer);
		this.#failures = Math.min(this.#failures, 2);
		this.#state = { kind: 'open', barrier: undefined };
		this.#askForConfirmation();
	}

	#askForConfirmation(): void {
		if (this.#state.kind !== 'open' || this.#state.barrier !== undefined) return;
		if (this.#isOutdated) return;
		const { localHead, acked } = this.log.row;
		if (localHead <= acked) return;
		const payload = encoding.encode((encoder) => encoding.writeVarUint(encoder, localHead));
		this.#send({ kind: 'barrier', payload });
		this.#state = { kind: 'open', barrier: localHead };
		this.#expectAnswer();
	}

	#confirmed(payload: Uint8Array): void {
		const count = decoding.readVarUint(decoding.createDecoder(payload));
		if (this.#state.kind !== 'open' || this.#state.barrier !== count) return; // of a barrier made void
		clearTimeout(this.#timer);
		this.#failures = 0;
		void this.log.acknowledge(count).then(() => {
			if (this.#state.kind !== 'open' || this.#state.barrier !== count) return;
			this.#state = { kind: 'open', barrier: undefined };
			this.#askForConfirmation();
		});
	}

	#expectAnswer(): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#provider.disconnect(), this.#options.silenceMs ?? 10_000);
	}

	#closed(code: number | undefined): void {
		if (this.#state.kind === 'stopped') return;
		clearTimeout(this.#timer);
		switch (code) {
			case closeCodes.signInNeeded.code:
				this.#state = { kind: 'stopped' };
				return queueMicrotask(() => this.#options.onBlocked('signed-out'));
			case closeCodes.notFound.code:
				this.#state = { kind: 'stopped' };
				return queueMicrotask(() => this.#options.onBlocked('not-found'));
			default: {
				this.#state = { kind: 'waiting' };
				const { random } = this.#options;
				const delayMs = fullJitterMs(this.#failures++, random ? { random } : {});
				this.#timer = setTimeout(() => this.wake(), delayMs);
			}
		}
	}
}
