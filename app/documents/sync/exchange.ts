import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { refusals } from '#shared/wire/close-codes.ts';
import type { Refused } from '#app/replica/database.ts';
import type { DocumentLog } from '../device/document-log.ts';
import { eachInSlices, splitToSend } from '../device/slices.ts';
import type { DocumentSocket, Heard } from './document-socket.ts';
import { findLacking } from './find-lacking.ts';

type Phase =
	/** The server has not yet been sent what it lacks. What is written goes along with that. */
	| { readonly kind: 'greeting' }
	/** Everything in the doc is on its way. `barrier`: how many local changes the server was asked to confirm. */
	| { readonly kind: 'open'; readonly barrier: number | undefined }
	| { readonly kind: 'over' };

export interface ExchangeOptions {
	readonly log: DocumentLog;
	/** The socket that was opened for it. */
	readonly socket: DocumentSocket;
	/** A state vector: what the server was told to have, together with a cursor. */
	readonly vouchedFor: Uint8Array | undefined;
	/** The server was sent what it lacked. */
	readonly onGreeted: () => void;
	/** Message 103: what was sent will never be accepted. */
	readonly onRefused: (refused: Refused) => void;
	/** This app is too old to write the document: nothing is wrong with what was sent, it waits as it is. */
	readonly onOutdated: () => void;
}

/**
 * What is said over one socket, from its opening to its end: what the server lacks, then every change as it is
 * made, with the barrier of design §4 behind them. The barrier carries how many changes of this device the doc
 * held when it was sent; it goes out only after our step 2 did, because before that the server was not sent what
 * was written while it was away. Its return is the only thing that counts as "on the server".
 */
export class Exchange {
	readonly #log: DocumentLog;
	readonly #socket: DocumentSocket;
	readonly #options: ExchangeOptions;
	readonly #stopListening: () => void;
	#phase: Phase = { kind: 'greeting' };
	/** What was written while our step 2 is put together: it goes behind it. */
	#written: Uint8Array[] | undefined;
	#isOutdated = false;

	constructor(options: ExchangeOptions) {
		this.#log = options.log;
		this.#socket = options.socket;
		this.#options = options;
		this.#log.doc.on('update', this.#onUpdate);
		this.#stopListening = this.#log.subscribe(() => this.#askForConfirmation());
		this.#socket.expectAnswer();
	}

	/** The server was sent all it lacked. */
	get isOpen(): boolean {
		return this.#phase.kind === 'open';
	}

	/** The server reads nothing of what is sent. */
	get isOutdated(): boolean {
		return this.#isOutdated;
	}

	/** Takes what the server says, in its order. */
	hear(message: Heard): void | Promise<void> {
		switch (message.kind) {
			case 'step1':
				return this.#sendLacking(message.stateVector);
			case 'barrier':
				return this.#confirmed(message.payload);
			case 'head':
				return this.#heardHead(message.cursor);
			case 'refused':
				// Whoever hears of it ends the socket, which is in the middle of telling.
				return queueMicrotask(() => this.#refused(message));
		}
	}

	/** The socket is closed: nothing more is sent or taken. */
	end(): void {
		this.#phase = { kind: 'over' };
		this.#log.doc.off('update', this.#onUpdate);
		this.#stopListening();
	}

	/** Sends what the server lacks, and behind it what is written from here on. */
	async #sendLacking(stateVector: Uint8Array): Promise<void> {
		const written: Uint8Array[] = [];
		this.#written = written;
		const { pieces, isHeldBack } = await findLacking(this.#log, stateVector);
		if (this.#isOver) return;
		await eachInSlices(pieces.slice(0, -1), (update) => {
			if (!this.#isOver) this.#socket.send({ kind: 'update', update });
		});
		if (this.#isOver) return;
		this.#socket.send({ kind: 'step2', update: pieces.at(-1) ?? Uint8Array.of(0, 0) });
		this.#written = undefined;
		if (isHeldBack) return this.#waitForLost();
		for (const update of written) this.#sendUpdate(update);
		this.#greeted();
	}

	/** Nothing may be called safe: it stays connected for a while, and then looks again. */
	#waitForLost(): void {
		this.#phase = { kind: 'greeting' };
		this.#socket.expectAnswer();
	}

	/**
	 * Everything up to the cursor was sent. In place of a step 1 it says that the server asks for nothing,
	 * since it was told that it lacks nothing: what was written after that was said is sent now.
	 */
	#heardHead(cursor: string): void | Promise<void> {
		const { vouchedFor } = this.#options;
		void this.#log.keepCursor(cursor);
		if (this.#phase.kind !== 'greeting' || !vouchedFor) return;
		if (this.#log.saved !== 'on the server') return this.#sendLacking(vouchedFor);
		this.#greeted();
	}

	/** The server knows what we have. A step 1 in the middle makes an earlier barrier void: ask again. */
	#greeted(): void {
		this.#socket.answered();
		this.#options.onGreeted();
		this.#phase = { kind: 'open', barrier: undefined };
		this.#askForConfirmation();
	}

	readonly #onUpdate = (update: Uint8Array, origin: unknown): void => {
		if (origin === this.#socket.origin) return;
		if (this.#written) this.#written.push(update);
		else if (this.#phase.kind === 'open') this.#sendUpdate(update);
	};

	#sendUpdate(update: Uint8Array): void {
		for (const piece of splitToSend(update)) this.#socket.send({ kind: 'update', update: piece });
	}

	#askForConfirmation(): void {
		if (this.#phase.kind !== 'open' || this.#phase.barrier !== undefined) return;
		if (this.#isOutdated) return;
		const { localHead, acked } = this.#log.row;
		if (localHead <= acked) return;
		const payload = encoding.encode((encoder) => encoding.writeVarUint(encoder, localHead));
		this.#socket.send({ kind: 'barrier', payload });
		this.#phase = { kind: 'open', barrier: localHead };
		this.#socket.expectAnswer();
	}

	#confirmed(payload: Uint8Array): void {
		const count = decoding.readVarUint(decoding.createDecoder(payload));
		if (!this.#awaits(count)) return; // of a barrier made void
		this.#socket.answered();
		void this.#log.acknowledge(count).then(() => {
			if (!this.#awaits(count)) return;
			this.#phase = { kind: 'open', barrier: undefined };
			this.#askForConfirmation();
		});
	}

	#awaits(count: number): boolean {
		return this.#phase.kind === 'open' && this.#phase.barrier === count;
	}

	#refused({ code, reason }: Refused): void {
		if (this.#isOver) return;
		if (code !== refusals.outdated.code) return this.#options.onRefused({ code, reason });
		this.#socket.answered();
		if (this.#isOutdated) return;
		this.#isOutdated = true;
		this.#options.onOutdated();
	}

	get #isOver(): boolean {
		return this.#phase.kind === 'over';
	}
}
