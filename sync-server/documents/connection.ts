import type { RawData, WebSocket } from 'ws';
import { closeCodes, type CloseCode, type Refusal } from '#shared/wire/close-codes.ts';
import type { DocumentName } from '#shared/wire/document-name.ts';
import { readMessage, writeMessage, type Message } from '#shared/wire/messages.ts';
import type { Counters } from './counters.ts';
import type { Standing } from './directory.ts';
import { limits } from './gate/limits.ts';
import type { Listener, OpenDocument, WriteVerdict } from './open-document.ts';
import { Outbox } from './outbox.ts';
import { emptyPresence } from './presence.ts';
import { Receipts } from './receipts.ts';

const inboxBytes = 2 * 1024 * 1024;
/** Two pings and a half without an answer: the other end is gone. */
const silenceMs = 37_500;

/** What a connection needs from the documents. */
export interface ConnectionHost {
	readonly counters: Counters;
	now(): number;
	find(user: string, name: DocumentName): Promise<Standing | undefined>;
	open(path: string, name: DocumentName): Promise<OpenDocument>;
	quarantine(refused: { document: string; user: string; reason: string; data: Uint8Array }): void;
	left(connection: Connection): void;
	failed(error: unknown, what: string): void;
}

/** Joining until rights and document are there; then joined; closed once and for ever. */
type Phase =
	| { readonly kind: 'joining' }
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
	readonly #outbox: Outbox;
	readonly #receipts: Receipts;
	#phase: Phase = { kind: 'joining' };
	#standing: Standing | undefined;
	/** Rises with every change of rights; frames wait while an answer is older than it. */
	#rightsAsked = 0;
	#rightsKnown = 0;
	/** An update of it is judged aside; what came later waits. */
	#isJudging = false;
	#inbox: Uint8Array[] = [];
	#inboxBytes = 0;
	#unsettledBytes = 0;
	#heardAt: number;

	constructor(options: {
		socket: WebSocket;
		who: { readonly user: string; readonly name: string; readonly credential: string };
		path: string;
		name: DocumentName;
		host: ConnectionHost;
	}) {
		this.#socket = options.socket;
		this.user = options.who.user;
		this.userName = options.who.name;
		this.credential = options.who.credential;
		this.#path = options.path;
		this.name = options.name;
		this.#host = options.host;
		this.#outbox = new Outbox({
			socket: options.socket,
			now: () => options.host.now(),
			caughtUp: (stateVector) => {
				options.host.counters.caughtUpReaders++;
				this.#sendDifference('update', stateVector);
			},
		});
		this.#receipts = new Receipts({
			send: (frame) => this.#outbox.send(frame),
			close: (code) => this.close(code),
			now: () => options.host.now(),
		});
		this.#socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
		this.#heardAt = options.host.now();
		this.#socket.on('pong', () => (this.#heardAt = options.host.now()));
		this.#socket.on('close', () => this.#leave());
		this.#socket.on('error', () => this.#socket.terminate());
	}

	/** Asks for the rights, then for the document, and begins to talk. */
	async join(): Promise<void> {
		try {
			await this.#askRights();
			if (this.#phase.kind !== 'joining') return;
			const document = await this.#host.open(this.#path, this.name);
			// Gone while the document was read: then nobody else may have it open either.
			if ((this.#phase as Phase).kind !== 'joining') return this.#host.left(this);
			this.#phase = { kind: 'joined', document };
			document.isBlind = this.#standing?.isBlind ?? false;
			document.listeners.add(this);
			this.#outbox.send(writeMessage({ kind: 'step1', stateVector: document.stateVector() }));
			this.#outbox.send(document.presence.frame());
			this.#drain();
		} catch (error) {
			// S3: what cannot be read is not served empty; waiting may mend it.
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
		const isStalled = this.#outbox.isStalled();
		if (isStalled) this.#host.counters.closedSlowReaders++;
		if (isStalled || this.#host.now() - this.#heardAt > silenceMs) {
			this.close(closeCodes.overloaded);
			this.#socket.terminate(); // it would not read a goodbye either
			return;
		}
		this.#socket.ping();
		this.#outbox.sendHint(emptyPresence);
	}

	sendUpdate(frame: Uint8Array, before: () => Uint8Array): void {
		this.#outbox.sendChange(frame, before);
	}

	sendPresence(frame: Uint8Array): void {
		this.#outbox.sendHint(frame);
	}

	documentFailed(): void {
		this.close(closeCodes.overloaded);
	}

	#leave(): void {
		if (this.#phase.kind === 'closed') return;
		const before = this.#phase;
		this.#phase = { kind: 'closed' };
		this.#inbox = [];
		if (before.kind === 'joined') {
			before.document.listeners.delete(this);
			before.document.presence.leave(this);
		}
		this.#host.left(this);
	}

	#receive(data: RawData, isBinary: boolean): void {
		if (this.#phase.kind === 'closed') return;
		this.#heardAt = this.#host.now();
		const frame = isBinary && Buffer.isBuffer(data) ? data : new Uint8Array();
		this.#inbox.push(frame);
		this.#inboxBytes += frame.length;
		this.#drain();
		if (this.#inboxBytes > inboxBytes) this.#socket.pause();
	}

	#drain(): void {
		let frame: Uint8Array | undefined;
		while (this.#isReady() && (frame = this.#inbox.shift())) {
			this.#inboxBytes -= frame.length;
			this.#handle(frame);
		}
		if (this.#socket.isPaused && this.#isFlowing()) this.#socket.resume();
	}

	#isReady(): boolean {
		return (
			this.#phase.kind === 'joined' && this.#rightsKnown === this.#rightsAsked && !this.#isJudging
		);
	}

	#isFlowing(): boolean {
		return this.#inboxBytes <= inboxBytes && this.#unsettledBytes <= inboxBytes;
	}

	#handle(frame: Uint8Array): void {
		if (this.#phase.kind !== 'joined') return;
		const { document } = this.#phase;
		const message = readMessage(frame);
		switch (message?.kind) {
			case 'step1':
				return this.#sendDifference('step2', message.stateVector);
			case 'step2':
			case 'update':
				return this.#write(document, message);
			case 'awareness':
				if (!document.presence.receive(this, message.update)) this.#refuse('malformed', frame);
				return;
			case 'queryAwareness':
				return this.#outbox.send(document.presence.frame());
			case 'barrier':
				return this.#receipts.barrier(document, message.payload.slice());
			case 'denied':
			case 'refused':
			case undefined:
				return this.#refuse('malformed', frame);
		}
	}

	#write(
		document: OpenDocument,
		{ kind, update }: Extract<Message, { kind: 'step2' | 'update' }>,
	): void {
		if (this.#receipts.ignoresWrites) return;
		const isStep2 = kind === 'step2';
		if (update.length > (isStep2 ? limits.step2Bytes : limits.updateBytes))
			return this.#refuse('tooLarge', update);
		const verdict = document.write(update, {
			user: this.user,
			mayWrite: () => this.#phase.kind === 'joined' && this.#standing?.access === 'write',
		});
		if (verdict instanceof Promise) void this.#judgedAside(document, update, isStep2, verdict);
		else this.#judged(document, update, isStep2, verdict);
	}

	async #judgedAside(
		document: OpenDocument,
		update: Uint8Array,
		isStep2: boolean,
		judging: Promise<WriteVerdict>,
	): Promise<void> {
		this.#isJudging = true;
		try {
			const verdict = await judging;
			this.#isJudging = false;
			if (this.#phase.kind !== 'joined') return;
			this.#judged(document, update, isStep2, verdict);
			this.#drain();
		} catch (error) {
			this.#host.failed(error, `an update of ${this.#path} could not be judged`);
			this.close(closeCodes.overloaded);
		}
	}

	#judged(
		document: OpenDocument,
		update: Uint8Array,
		isStep2: boolean,
		verdict: WriteVerdict,
	): void {
		switch (verdict.kind) {
			case 'known':
			case 'ok':
				this.#receipts.taken(isStep2);
				return this.#hold(document, update.length);
			case 'resync':
				return this.#askAgain(document, isStep2, update);
			case 'refuse':
				return this.#refuse(verdict.refusal, update);
		}
	}

	/** Reads no faster than the disk writes. */
	#hold(document: OpenDocument, bytes: number): void {
		this.#unsettledBytes += bytes;
		if (this.#unsettledBytes <= inboxBytes) {
			if (this.#unsettledBytes === bytes) document.afterCommits(() => (this.#unsettledBytes = 0));
			return;
		}
		this.#socket.pause();
		document.afterCommits(() => {
			this.#unsettledBytes = 0;
			this.#drain();
		});
	}

	#askAgain(document: OpenDocument, isStep2: boolean, update: Uint8Array): void {
		switch (this.#receipts.missed(isStep2)) {
			case 'ask':
				this.#host.counters.resyncs++;
				this.#outbox.send(writeMessage({ kind: 'step1', stateVector: document.stateVector() }));
				return;
			case 'asked already':
				return;
			case 'in vain':
				return this.#refuse('malformed', update);
		}
	}

	#sendDifference(kind: 'step2' | 'update', stateVector: Uint8Array): void {
		if (this.#phase.kind !== 'joined') return;
		const { document } = this.#phase;
		try {
			const frame = writeMessage({ kind, update: document.difference(stateVector) });
			document.afterCommits(() => this.#outbox.send(frame));
		} catch {
			this.#refuse('malformed', stateVector); // the bytes are no state vector
		}
	}

	/** S5: refused with a reason, kept aside, and nobody else notices. */
	#refuse(refusal: Refusal, data: Uint8Array): void {
		this.#host.counters.refused++;
		this.#host.quarantine({ document: this.#path, user: this.user, reason: refusal, data });
		this.#receipts.refused(refusal);
	}
}
