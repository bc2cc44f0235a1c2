import type { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { closeCodes, refusals } from '#shared/wire/close-codes.ts';
import { documentVersion } from '#shared/wire/document-version.ts';
import type { Refused } from '#app/replica/database.ts';
import type { DocumentLog } from '../device/document-log.ts';
import { DocumentSocket } from './document-socket.ts';
import { Exchange } from './exchange.ts';
import { Retry } from './retry.ts';

/** A message was larger than the server takes: sending it again would be no better. */
const messageTooBig = 1009;

type Phase =
	/** Until the time has come: the first one waits for what lies on this device, later ones follow a failure. */
	| { readonly kind: 'waiting' }
	/** `vouchedFor`: what the doc held, and the server too, when it was told a cursor. */
	| { readonly kind: 'connecting'; readonly vouchedFor: Uint8Array | undefined }
	| { readonly kind: 'connected'; readonly exchange: Exchange }
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

/** One document's way to the server: one socket at a time, and another one after a while when it closes. */
export class Connection {
	readonly log: DocumentLog;
	readonly #options: ConnectionOptions;
	readonly #socket: DocumentSocket;
	readonly #retry: Retry;
	#phase: Phase = { kind: 'waiting' };

	constructor(log: DocumentLog, options: ConnectionOptions) {
		const { url, socket, random, silenceMs, stableMs } = options;
		this.log = log;
		this.#options = options;
		this.#retry = new Retry({
			...(random ? { random } : {}),
			...(stableMs === undefined ? {} : { stableMs }),
			onDue: () => this.wake(),
		});
		this.#socket = new DocumentSocket({
			doc: log.doc,
			name: log.name,
			url,
			...(socket ? { socket } : {}),
			...(silenceMs === undefined ? {} : { silenceMs }),
			onOpen: () => this.#opened(),
			onHeard: (message) => this.#exchange?.hear(message),
			onServerState: () => void log.markServerState(),
			onClosed: (code) => this.#closed(code),
		});
		log.addServerOrigin(this.#socket.origin);
	}

	get awareness(): Awareness {
		return this.#socket.awareness;
	}

	/** The server confirmed everything, and nothing is on its way; or it takes nothing from this app. */
	get isSettled(): boolean {
		if (this.#exchange?.isOutdated) return true;
		return this.log.row.isDirty === 0 && this.log.saved === 'on the server';
	}

	/** The server's state is here, and everything here is the server's. */
	get isLevel(): boolean {
		return !!this.#exchange?.isOpen && this.#socket.hasServerState && this.isSettled;
	}

	/** No socket is open: nothing was said, and nothing is lost with it. Browsers hold attempts back for seconds. */
	get isAway(): boolean {
		return this.#phase.kind === 'waiting' || this.#phase.kind === 'connecting';
	}

	/** There is reason to believe that the server can be reached again: connects soon. */
	hurry(): void {
		if (this.#phase.kind === 'waiting') this.#retry.hurry();
	}

	/** Connects now, whether or not the time has come. */
	wake(): void {
		if (this.#phase.kind !== 'waiting') return;
		this.#retry.stop();
		const { user, version } = this.#options;
		const level = this.#levelWithServer();
		this.#phase = { kind: 'connecting', vouchedFor: level?.stateVector };
		this.#socket.connect({
			as: user,
			cursor: level?.cursor ?? '',
			version: String(version ?? documentVersion),
		});
	}

	destroy(): void {
		this.#exchange?.end();
		this.#phase = { kind: 'stopped' };
		this.#retry.stop();
		this.#socket.destroy();
	}

	get #exchange(): Exchange | undefined {
		return this.#phase.kind === 'connected' ? this.#phase.exchange : undefined;
	}

	/**
	 * How far this device is, where the server lacks nothing of it: when that is said neither side sends what the
	 * other has, and the server need not even load the document.
	 */
	#levelWithServer(): { readonly cursor: string; readonly stateVector: Uint8Array } | undefined {
		const { isLoaded, saved, row, doc } = this.log;
		if (!isLoaded || saved !== 'on the server' || row.cursor === undefined) return undefined;
		return { cursor: row.cursor, stateVector: Y.encodeStateVector(doc) };
	}

	#opened(): void {
		if (this.#phase.kind !== 'connecting') return;
		const exchange = new Exchange({
			log: this.log,
			socket: this.#socket,
			vouchedFor: this.#phase.vouchedFor,
			onGreeted: () => this.#retry.works(),
			onRefused: this.#options.onRefused,
			onOutdated: this.#options.onOutdated,
		});
		this.#phase = { kind: 'connected', exchange };
	}

	/** Who is told is told a moment later: it ends the socket, which is in the middle of closing. */
	#closed(code: number | undefined): void {
		if (this.#phase.kind === 'stopped') return;
		this.#exchange?.end();
		const { onBlocked, onRefused, onWaiting } = this.#options;
		switch (code) {
			case closeCodes.signInNeeded.code:
				return this.#stop(() => onBlocked('signed-out'));
			case closeCodes.notFound.code:
				return this.#stop(() => onBlocked('not-found'));
			case messageTooBig:
				return this.#stop(() => onRefused(refusals.tooLarge));
			default:
				this.#phase = { kind: 'waiting' };
				this.#retry.failed();
				onWaiting();
		}
	}

	#stop(tell: () => void): void {
		this.#phase = { kind: 'stopped' };
		this.#retry.stop();
		queueMicrotask(tell);
	}
}
