import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { closeCodes, refusals } from '#shared/wire/close-codes.ts';
import { documentVersion } from '#shared/wire/document-version.ts';
import { writeMessage, type Message } from '#shared/wire/messages.ts';
import { fullJitterMs } from '#app/net/jitter.ts';
import type { Refused } from '#app/replica/database.ts';
import type { DocumentLog } from '../device/document-log.ts';
import { InOrder } from './in-order.ts';
import { findingRecoverable } from '../restored/recoverable-update.ts';
import {
	applyInSlices,
	eachInSlices,
	inSlices,
	piecesInSlices,
	splitInSlices,
	splitToSend,
} from '../device/slices.ts';

/** A message was larger than the server takes: sending it again would be no better. */
const messageTooBig = 1009;

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
	/** Open for this long, a connection counts as good. */
	readonly stableMs?: number;
	/** What this app writes; a test plays an older one. */
	readonly version?: number;
	/** The server closed for good: it wants another sign-in, or knows no such document. */
	readonly onBlocked: (block: 'signed-out' | 'not-found') => void;
	/** Message 103: what was sent will never be accepted. */
	readonly onRefused: (refused: Refused) => void;
	/** It failed, and waits for its next try. */
	readonly onWaiting: () => void;
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
	/** What the server says, in its order, however long a part of it takes. */
	readonly #heard = new InOrder();
	/** What was written while our step 2 is put together: it goes behind it. */
	#unsent: Uint8Array[] | undefined;
	#state: ConnectionState = { kind: 'waiting' };
	#failures = 0;
	/** When the next attempt is due; the first one waits for what lies on this device and cannot be hurried. */
	#connectsAtMs = 0;
	/** Forgets the failures once it has been open for a while: a server that dies of its greetings is not pressed. */
	#stable: ReturnType<typeof setTimeout> | undefined;
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
		// It would send what is written before the server was sent what that builds on, and at any size.
		log.doc.off('update', this.#provider._updateHandler);
		log.doc.on('update', this.#onUpdate);
		this.#sayOnlyOwnPresence();
		this.#handleMessages();
		this.#provider.on('status', ({ status }) => {
			if (status !== 'connected') return;
			this.#state = { kind: 'greeting' };
			this.#unsent = undefined;
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

	/**
	 * There is reason to believe that the server can be reached again: connects soon, though not at once, since
	 * whatever came back came back for everybody.
	 */
	hurry(): void {
		if (this.#state.kind !== 'waiting') return;
		const soonMs = this.#jitterMs(1);
		if (performance.now() + soonMs < this.#connectsAtMs) this.#connectIn(soonMs);
	}

	/** The server's state is here, and everything here is the server's. */
	get isLevel(): boolean {
		return this.#state.kind === 'open' && this.#provider.synced && this.isSettled;
	}

	/** No socket is open: nothing was said, and nothing is lost with it. Browsers hold attempts back for seconds. */
	get isAway(): boolean {
		return this.#state.kind === 'waiting' || this.#state.kind === 'connecting';
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
		clearTimeout(this.#stable);
		this.#stopListening();
		this.log.doc.off('update', this.#onUpdate);
		this.#provider.destroy();
		this.awareness.destroy();
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
			this.#send({ kind: 'awareness', update });
		});
	}

	#handleMessages(): void {
		const handlers = this.#provider.messageHandlers;
		handlers[0] = (_encoder, decoder) => {
			const kind = decoding.readVarUint(decoder);
			const bytes = decoding.readVarUint8Array(decoder);
			this.#hear(() => (kind === 0 ? this.#sendMissing(bytes) : this.#takeIn(bytes, kind === 1)));
		};
		// Said to who may only read; `access` has told the page already.
		handlers[2] = () => {};
		handlers[102] = (_encoder, decoder) => {
			const payload = decoding.readVarUint8Array(decoder);
			this.#hear(() => this.#confirmed(payload));
		};
		handlers[105] = (_encoder, decoder) => {
			const cursor = decoding.readVarString(decoder);
			this.#hear(() => this.#heardHead(cursor));
		};
		handlers[103] = (_encoder, decoder) => {
			const code = decoding.readVarUint(decoder);
			decoding.readVarUint8Array(decoder);
			const reason = decoding.readVarString(decoder);
			this.#hear(() => queueMicrotask(() => this.#refused({ code, reason })));
		};
	}

	/** Does what a message asks for after what was heard before it; what is left of another socket asks for nothing. */
	#hear(act: () => void | Promise<void>): void {
		const { ws } = this.#provider;
		this.#heard.run(() => {
			if (this.#state.kind !== 'stopped' && this.#provider.ws === ws) return act();
		});
	}

	async #takeIn(update: Uint8Array, isStep2: boolean): Promise<void> {
		const { ws } = this.#provider;
		await applyInSlices(this.log.doc, [update], this.#provider);
		if (isStep2 && this.#provider.ws === ws) this.#provider.synced = true;
	}

	/** Sends what the server lacks, and behind it what is written from here on. */
	async #sendMissing(stateVector: Uint8Array): Promise<void> {
		const { ws } = this.#provider;
		const unsent: Uint8Array[] = [];
		this.#unsent = unsent;
		const own = await this.#ownOfLost(stateVector);
		const pieces = own ? own.pieces : await piecesInSlices(this.log.doc, stateVector);
		if (this.#provider.ws !== ws || this.#isStopped) return;
		const last = pieces.pop() ?? Uint8Array.of(0, 0);
		await eachInSlices(pieces, (update) => {
			if (this.#provider.ws === ws) this.#send({ kind: 'update', update });
		});
		if (this.#provider.ws !== ws || this.#isStopped) return;
		this.#send({ kind: 'step2', update: last });
		this.#unsent = undefined;
		if (own?.isHeldBack) return this.#waitForLost();
		for (const update of unsent) this.#sendUpdate(update);
		this.#greeted();
	}

	/**
	 * Where the server lacks what others wrote, it was put back to an older state: what others wrote is theirs to
	 * bring, or comes back marked as theirs (bring-back.ts), and must not pass for this person's own. Of that,
	 * what builds on the missing is held back until it is there again.
	 */
	async #ownOfLost(
		stateVector: Uint8Array,
	): Promise<{ pieces: Uint8Array[]; isHeldBack: boolean } | undefined> {
		const { doc, row } = this.log;
		// Of a row that an older version wrote to, nobody knows all of them.
		if (!row.ownClients && row.localHead > 0) return undefined;
		const own = new Set([...(row.ownClients ?? []), doc.clientID]);
		const isOwn = (client: number): boolean => own.has(client);
		const clocks = Y.decodeStateVector(stateVector);
		const hasLost = [...doc.store.clients.keys()].some(
			(client) => !isOwn(client) && Y.getState(doc.store, client) > (clocks.get(client) ?? 0),
		);
		if (!hasLost) return undefined;
		const side = { clocks, mayBring: isOwn, isOwn };
		const { update, isOwnHeldBack } = await inSlices(findingRecoverable(doc, side));
		return { pieces: update ? await splitInSlices(update) : [], isHeldBack: isOwnHeldBack };
	}

	/** Nothing may be called safe: it stays connected for a while, and then looks again. */
	#waitForLost(): void {
		this.#state = { kind: 'greeting' };
		this.#expectAnswer();
	}

	get #isStopped(): boolean {
		return this.#state.kind === 'stopped';
	}

	readonly #onUpdate = (update: Uint8Array, origin: unknown): void => {
		if (origin === this.#provider) return;
		if (this.#unsent) this.#unsent.push(update);
		// Before that it goes along with our step 2.
		else if (this.#state.kind === 'open') this.#sendUpdate(update);
	};

	#sendUpdate(update: Uint8Array): void {
		for (const piece of splitToSend(update)) this.#send({ kind: 'update', update: piece });
	}

	/**
	 * Everything up to the cursor was sent. In place of a step 1 it says that the server asks for nothing,
	 * since it was told that it lacks nothing: what was written after that was said is sent now.
	 */
	#heardHead(cursor: string): void | Promise<void> {
		void this.log.keepCursor(cursor);
		if (this.#state.kind !== 'greeting' || !this.#vouchedFor) return;
		if (this.log.saved !== 'on the server') return this.#sendMissing(this.#vouchedFor);
		this.#greeted();
	}

	#refused(refused: Refused): void {
		if (this.#state.kind === 'stopped') return;
		if (refused.code === refusals.outdated.code) this.#foundOutdated();
		else this.#options.onRefused(refused);
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
		clearTimeout(this.#stable);
		this.#stable = setTimeout(() => (this.#failures = 0), this.#options.stableMs ?? 10_000);
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
		void this.log.acknowledge(count).then(() => {
			if (this.#state.kind !== 'open' || this.#state.barrier !== count) return;
			this.#state = { kind: 'open', barrier: undefined };
			this.#askForConfirmation();
		});
	}

	#expectAnswer(): void {
		clearTimeout(this.#timer);
		const waiting = this.#provider.ws?.bufferedAmount ?? 0;
		this.#timer = setTimeout(() => {
			// As long as what was sent goes out, the network only is slow.
			if ((this.#provider.ws?.bufferedAmount ?? 0) < waiting) this.#expectAnswer();
			else this.#provider.disconnect();
		}, this.#options.silenceMs ?? 10_000);
	}

	#closed(code: number | undefined): void {
		clearTimeout(this.#stable);
		if (this.#state.kind === 'stopped') return;
		clearTimeout(this.#timer);
		switch (code) {
			case closeCodes.signInNeeded.code:
				this.#state = { kind: 'stopped' };
				return queueMicrotask(() => this.#options.onBlocked('signed-out'));
			case closeCodes.notFound.code:
				this.#state = { kind: 'stopped' };
				return queueMicrotask(() => this.#options.onBlocked('not-found'));
			case messageTooBig:
				this.#state = { kind: 'stopped' };
				return queueMicrotask(() => this.#options.onRefused(refusals.tooLarge));
			default: {
				this.#state = { kind: 'waiting' };
				this.#connectIn(this.#jitterMs(this.#failures++));
				this.#options.onWaiting();
			}
		}
	}

	#connectIn(delayMs: number): void {
		clearTimeout(this.#timer);
		this.#connectsAtMs = performance.now() + delayMs;
		this.#timer = setTimeout(() => this.wake(), delayMs);
	}

	#jitterMs(failures: number): number {
		const { random } = this.#options;
		return fullJitterMs(failures, random ? { random } : {});
	}
}
