import type { RawData, WebSocket } from 'ws';
import { closeCodes, type CloseCode, type Refusal } from '#shared/wire/close-codes.ts';
import type { ClientAddress } from '#shared/wire/client-address.ts';
import { noCursor, type Cursor } from '#shared/wire/cursor.ts';
import type { DocumentName } from '#shared/wire/document-name.ts';
import { readMessage, writeMessage, type Message } from '#shared/wire/messages.ts';
import type { UpdatesSince } from '../../log/update-log.ts';
import type { Counters } from '../counters.ts';
import type { Standing } from '../directory.ts';
import { Delivery } from './delivery.ts';
import type { Frame } from './frame.ts';
import { Incoming } from './incoming.ts';
import type { Listener, OpenDocument } from '../document/open-document.ts';
import { isStateVector } from '../gate/state-vector.ts';
import type { Pace } from './pace.ts';
import { keepAlive, nobodyShown, showsSomebody } from './presence.ts';
import type { Received, Share } from './received.ts';
import { Receipts } from './receipts.ts';
import type { Wire } from './wire.ts';

const inboxBytes = 2 * 1024 * 1024;
/** Two pings and a half without an answer: the other end is gone. */
const silenceMs = 37_500;
/** Who says nothing for so long is spoken to first. */
const firstWordMs = 1000;

/** What a connection needs from the documents. */
export interface ConnectionHost {
	readonly counters: Counters;
	readonly received: Received;
	/** How much is done in one turn. */
	readonly pace: Pace;
	/** Milliseconds that pass, whatever the clock is set to. */
	elapsed(): number;
	find(user: string, name: DocumentName): Promise<Standing | undefined>;
	/** Opens the document and uses it in the same turn: a turn later it may have left memory again. */
	open(path: string, name: DocumentName, use: (document: OpenDocument) => void): Promise<void>;
	/** True where somebody has the document open, or it is kept. */
	isResident(path: string): boolean;
	/** Calls `attach` when somebody opens the document; what comes back ends that. */
	watch(path: string, connection: Connection): () => void;
	since(path: string, cursor: Cursor): Promise<UpdatesSince | undefined>;
	quarantine(refused: { document: string; user: string; reason: string; data: Uint8Array }): void;
	left(connection: Connection): void;
	failed(error: unknown, what: string): void;
}

/**
 * Joining until rights and document are there; then joined; closed once and for ever. Who has everything
 * watches until something is said that needs the document, or until somebody else opens it.
 */
type Phase =
	| { readonly kind: 'joining' }
	| { readonly kind: 'watching' }
	| { readonly kind: 'joined'; readonly document: OpenDocument }
	| { readonly kind: 'closed' };

/** One socket on one document. Frames are taken strictly in order. */
export class Connection implements Listener {
	readonly name: DocumentName;
	readonly user: string;
	readonly userName: string;
	readonly credential: string;
	readonly #path: string;
	readonly #socket: WebSocket;
	readonly #host: ConnectionHost;
	readonly #delivery: Delivery;
	readonly #incoming: Incoming;
	readonly #receipts: Receipts;
	readonly #share: Share;
	#phase: Phase = { kind: 'joining' };
	#standing: Standing | undefined;
	/** Rises with every change of rights; frames wait while an answer is older than it. */
	#rightsAsked = 0;
	#rightsKnown = 0;
	#inbox: Uint8Array[] = [];
	/** Resolved once it said something, or is gone. */
	readonly #spoke = Promise.withResolvers<void>();
	#inboxBytes = 0;
	#heardAt: number;
	#stopWatching: () => void = () => undefined;
	/** Somebody opened the document while the log was asked. */
	#isOvertaken = false;
	/** The document is being opened for it; what it says waits. */
	#isWaking = false;

	constructor(options: {
		wire: Wire;
		who: { readonly user: string; readonly name: string; readonly credential: string };
		path: string;
		name: DocumentName;
		/** What the address says of the client. */
		address: ClientAddress;
		host: ConnectionHost;
	}) {
		this.#socket = options.wire.socket;
		this.user = options.who.user;
		this.userName = options.who.name;
		this.credential = options.who.credential;
		this.#path = options.path;
		this.name = options.name;
		this.#host = options.host;
		this.#delivery = new Delivery({
			wire: options.wire,
			cursor: options.address.cursor,
			counters: options.host.counters,
			now: () => options.host.elapsed(),
			caughtUp: (stateVector) => this.#sendDifference('update', stateVector),
		});
		this.#receipts = new Receipts({
			send: (frame) => this.#delivery.send(frame),
			close: (code) => this.close(code),
			now: () => options.host.elapsed(),
		});
		this.#share = options.host.received.share(options.path, () => this.#drain());
		this.#incoming = new Incoming({
			share: this.#share,
			writer: {
				user: this.user,
				version: options.address.version,
				mayWrite: () => this.#phase.kind === 'joined' && this.#standing?.access === 'write',
			},
			receipts: this.#receipts,
			isOpen: () => this.#phase.kind === 'joined',
			ask: (document) => {
				this.#host.counters.resyncs++;
				this.#delivery.send(writeMessage({ kind: 'step1', stateVector: document.stateVector() }));
			},
			refuse: (refusal, data) => this.#refuse(refusal, data),
			ready: () => this.#drain(),
			failed: (error) => this.#failed(error),
		});
		this.#socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
		this.#heardAt = options.host.elapsed();
		this.#socket.on('pong', () => (this.#heardAt = options.host.elapsed()));
		this.#socket.on('close', () => {
			this.#finish();
			this.#leave();
		});
		this.#socket.on('error', () => this.#socket.terminate());
	}

	/** Asks for the rights, then for the document, and begins to talk. */
	async join(): Promise<void> {
		try {
			await this.#askRights();
			if (this.#phase.kind !== 'joining') return;
			if (await this.#answerFromLog()) return this.#drain();
			await this.#host.open(this.#path, this.name, (document) => this.#greet(document));
		} catch (error) {
			// S3: what cannot be read is not served empty; waiting may mend it.
			this.#host.failed(error, `${this.#path} could not be opened`);
			this.close(closeCodes.overloaded);
		}
	}

	#greet(document: OpenDocument): void {
		// Gone while the document was read: then nobody else may have it open either.
		if (this.#phase.kind !== 'joining') return this.#host.left(this);
		this.#enter(document);
		this.#delivery.greet(document);
		this.#delivery.send(document.presence.frame());
		this.#drain();
	}

	/** True where the log alone could tell what the client lacks; the document stays where it is. */
	async #answerFromLog(): Promise<boolean> {
		if (this.#host.isResident(this.#path)) return false;
		const { cursor } = this.#delivery;
		const hasNothing = !cursor && (await this.#saysItHasNothing());
		if ((!cursor && !hasNothing) || this.#host.isResident(this.#path)) return false;
		this.#stopWatching = this.#host.watch(this.#path, this);
		const found = await this.#host.since(this.#path, cursor ?? noCursor);
		if (this.#phase.kind !== 'joining') return true;
		if (!found || this.#isOvertaken) {
			this.#stopWatching();
			return false;
		}
		this.#phase = { kind: 'watching' };
		if (cursor) this.#delivery.sendSince(found);
		else {
			this.#takeFrame(); // its step 1
			this.#delivery.sendAll(found);
		}
		return true;
	}

	/** Waits for its first word: a step 1 that says so. */
	async #saysItHasNothing(): Promise<boolean> {
		if (this.#inbox.length === 0) {
			const timer = setTimeout(this.#spoke.resolve, firstWordMs);
			await this.#spoke.promise;
			clearTimeout(timer);
		}
		const first = this.#inbox[0] && readMessage(this.#inbox[0]);
		return first?.kind === 'step1' && isEmpty(first.stateVector);
	}

	#enter(document: OpenDocument): void {
		this.#phase = { kind: 'joined', document };
		document.isBlind = this.#standing?.isBlind ?? false;
		document.listeners.add(this);
	}

	/** Somebody opened the document: nothing was written since the log was asked, so nothing is missing. */
	attach(document: OpenDocument): void {
		this.#stopWatching();
		if (this.#phase.kind === 'joining') this.#isOvertaken = true;
		if (this.#phase.kind !== 'watching') return;
		this.#enter(document);
		this.#delivery.send(document.presence.frame());
	}

	/** Opens the document for something that cannot be answered without it. */
	async #wake(): Promise<void> {
		this.#isWaking = true;
		try {
			await this.#host.open(this.#path, this.name, (document) => {
				this.attach(document);
				this.#isWaking = false;
				if (this.#phase.kind === 'closed') this.#host.left(this);
				else this.#drain();
			});
		} catch (error) {
			this.#host.failed(error, `${this.#path} could not be opened`);
			this.close(closeCodes.overloaded);
		}
	}

	/** S7: looks at the rights again; frames that came later wait for the answer. */
	async rightsChanged(): Promise<void> {
		try {
			await this.#askRights();
			this.#drain();
		} catch (error) {
			this.#host.failed(error, `the rights on ${this.#path} could not be read`);
			this.close(closeCodes.overloaded);
		}
	}

	async #askRights(): Promise<void> {
		const asked = ++this.#rightsAsked;
		const standing = await this.#host.find(this.user, this.name);
		if (asked !== this.#rightsAsked) return; // asked again meanwhile: that answer counts
		this.#rightsKnown = asked;
		this.#standing = standing;
		if (!standing || standing.access === 'none') this.close(closeCodes.notFound);
		else if (this.#phase.kind === 'joined') this.#phase.document.isBlind = standing.isBlind;
	}

	close({ code, reason }: CloseCode): void {
		this.#leave();
		this.#socket.close(code, reason);
	}

	/** Every 15 s: a word for the client, and a look whether it is still there and reads (S9). */
	tick(): void {
		const isStalled = this.#delivery.isStalled();
		const isSilent = !this.#socket.isPaused && this.#host.elapsed() - this.#heardAt > silenceMs;
		if (isStalled || isSilent) {
			this.close(closeCodes.overloaded);
			this.#socket.terminate(); // it would not read a goodbye either
			return;
		}
		this.#socket.ping();
		this.#delivery.sendHint(keepAlive);
	}

	sendUpdate(frame: Frame, before: () => Uint8Array): void {
		this.#delivery.sendChange(frame, before);
	}

	sendHead(frame: Frame): void {
		this.#delivery.sendHead(frame);
	}

	sendPresence(frame: Frame): void {
		this.#delivery.sendHint(frame);
	}

	documentFailed(): void {
		this.close(closeCodes.overloaded);
	}

	/** What the client sent before it went is taken. */
	#finish(): void {
		try {
			if (this.#phase.kind !== 'joined') return;
			const { document } = this.#phase;
			// Nobody hears answers any more.
			for (let frame; this.#isReady() && (frame = this.#takeFrame());) {
				const message = readMessage(frame);
				if (message?.kind === 'step2' || message?.kind === 'update')
					this.#incoming.write(document, message);
			}
			this.#incoming.flush(document);
		} catch (error) {
			this.#failed(error);
		}
	}

	/** S5: an error in the middle of one document ends nothing else; the client has it still, and brings it again. */
	#failed(error: unknown): void {
		this.#host.failed(error, `a message about ${this.#path} could not be taken`);
		this.close(closeCodes.overloaded);
	}

	#leave(): void {
		if (this.#phase.kind === 'closed') return;
		const before = this.#phase;
		this.#phase = { kind: 'closed' };
		this.#spoke.resolve();
		this.#inbox = [];
		this.#host.pace.leave(this.#goOn);
		this.#share.leave();
		this.#stopWatching();
		if (before.kind === 'joined') {
			before.document.listeners.delete(this);
			before.document.presence.leave(this);
		}
		this.#host.left(this);
	}

	#receive(data: RawData, isBinary: boolean): void {
		if (this.#phase.kind === 'closed') return;
		this.#heardAt = this.#host.elapsed();
		const frame = isBinary && Buffer.isBuffer(data) ? data : new Uint8Array();
		this.#inbox.push(frame);
		this.#inboxBytes += frame.length;
		this.#share.hold(frame.length);
		this.#spoke.resolve();
		this.#drain();
		if (!this.#isFlowing()) this.#socket.pause();
	}

	#drain(): void {
		let frame: Uint8Array | undefined;
		try {
			while (this.#isReady() && this.#hasTime() && (frame = this.#takeFrame())) this.#handle(frame);
		} catch (error) {
			this.#failed(error);
		}
		if (!this.#socket.isPaused || !this.#isFlowing()) return;
		this.#heardAt = this.#host.elapsed(); // its answers to our pings could not be read
		this.#socket.resume();
	}

	/** False where what is left waits for another turn. */
	#hasTime(): boolean {
		if (this.#inbox.length === 0 || this.#host.pace.hasTime) return true;
		this.#host.pace.later(this.#goOn);
		return false;
	}

	readonly #goOn = (): void => this.#drain();

	#isReady(): boolean {
		return (
			(this.#phase.kind === 'joined' || this.#phase.kind === 'watching') &&
			this.#rightsKnown === this.#rightsAsked &&
			this.#incoming.isFree &&
			!this.#isWaking
		);
	}

	#isFlowing(): boolean {
		return this.#inboxBytes <= inboxBytes && this.#incoming.isFlowing && this.#share.mayRead;
	}

	#handle(frame: Uint8Array): void {
		const message = readMessage(frame);
		if (this.#phase.kind === 'watching') return this.#handleWatching(message, frame);
		if (this.#phase.kind !== 'joined') return;
		const { document } = this.#phase;
		if (message?.kind !== 'update' && message?.kind !== 'barrier') {
			this.#incoming.flush(document);
			if (!this.#incoming.isFree) return this.#putBack(frame);
		}
		switch (message?.kind) {
			case 'step1':
				if (!this.#delivery.answersStep1()) this.#sendDifference('step2', message.stateVector);
				return;
			case 'step2':
			case 'update':
				return this.#incoming.write(document, message);
			case 'awareness':
				if (!document.presence.receive(this, message.update)) this.#refuse('malformed', frame);
				return;
			case 'queryAwareness':
				return this.#delivery.send(document.presence.frame());
			case 'barrier':
				return this.#incoming.barrier(document, message.payload.slice());
			case 'denied':
			case 'refused':
			case 'head':
			case undefined:
				return this.#refuse('malformed', frame);
		}
	}

	/** What needs no document is answered without one; for the rest it is opened. */
	#handleWatching(message: Message | undefined, frame: Uint8Array): void {
		switch (message?.kind) {
			case 'step1':
				if (this.#delivery.answersStep1()) return;
				break;
			case 'step2':
				if (isEmpty(message.update)) return this.#receipts.taken(true);
				break;
			case 'queryAwareness':
				return this.#delivery.send(nobodyShown);
			case 'barrier':
				return this.#receipts.barrier(undefined, message.payload.slice());
			case 'awareness':
				if (!showsSomebody(message.update)) return;
				break;
			default:
		}
		this.#putBack(frame);
		void this.#wake();
	}

	#takeFrame(): Uint8Array | undefined {
		const frame = this.#inbox.shift();
		if (!frame) return undefined;
		this.#inboxBytes -= frame.length;
		this.#share.release(frame.length);
		return frame;
	}

	/** Its turn comes again. */
	#putBack(frame: Uint8Array): void {
		this.#inbox.unshift(frame);
		this.#inboxBytes += frame.length;
		this.#share.hold(frame.length);
	}

	#sendDifference(kind: 'step2' | 'update', stateVector: Uint8Array): void {
		if (this.#phase.kind !== 'joined') return;
		if (!isStateVector(stateVector)) return this.#refuse('malformed', stateVector);
		this.#delivery
			.sendDifference(kind, this.#phase.document, stateVector)
			.catch((error: unknown) => {
				this.#host.failed(error, `what a client lacks of ${this.#path} could not be found`);
				this.close(closeCodes.overloaded);
			});
	}

	/** S5: refused with a reason, kept aside, and nobody else notices. */
	#refuse(refusal: Refusal, data: Uint8Array): void {
		this.#host.counters.refused++;
		this.#host.quarantine({ document: this.#path, user: this.user, reason: refusal, data });
		this.#receipts.refused(refusal);
	}
}

/** An update without structs and deletions, or a state vector without clients. */
function isEmpty(bytes: Uint8Array): boolean {
	return bytes.every((byte) => byte === 0);
}
