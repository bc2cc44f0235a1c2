import { closeCodes, refusals, type CloseCode, type Refusal } from '#shared/wire/close-codes.ts';
import { writeMessage } from '#shared/wire/messages.ts';
import type { OpenDocument } from '../document/open-document.ts';

const refusalsAMinute = 3;
const resyncsInARow = 3;

/**
 * What a client is told about what it wrote: 102 once everything before a barrier is on disk, 103 once
 * something was refused, step 1 where something is missing. A client that never sends a barrier is a stock
 * one and never sees 102 or 103.
 */
export class Receipts {
	readonly #send: (frame: Uint8Array) => void;
	readonly #close: (code: CloseCode) => void;
	readonly #now: () => number;
	/** The payload of the last barrier. */
	#barrier: Uint8Array | undefined;
	#refusedWith: Refusal | undefined;
	#refusedAt: number[] = [];
	#wasDenied = false;
	#awaitsStep2 = false;
	#resyncs = 0;

	constructor(options: {
		send: (frame: Uint8Array) => void;
		close: (code: CloseCode) => void;
		now: () => number;
	}) {
		this.#send = options.send;
		this.#close = options.close;
		this.#now = options.now;
	}

	/** After a refusal a client of ours sends nothing again that could count; it comes back afresh. */
	get ignoresWrites(): boolean {
		if (this.#refusedWith === 'outdated') return true;
		return this.#refusedWith !== undefined && this.#barrier !== undefined;
	}

	/**
	 * Answers a barrier, at once or when the disk has what came before it; never while a resync is due.
	 * Without a document there was nothing before it.
	 */
	barrier(document: OpenDocument | undefined, payload: Uint8Array): void {
		this.#barrier = payload;
		if (this.#refusedWith) return this.#tellRefused(this.#refusedWith, payload);
		if (this.#awaitsStep2) return;
		const answer = (): void => this.#send(writeMessage({ kind: 'barrier', payload }));
		if (document) document.afterCommits(answer);
		else answer();
	}

	/** A write was taken. */
	taken(isStep2: boolean): void {
		if (!isStep2) return;
		this.#awaitsStep2 = false;
		this.#resyncs = 0;
	}

	/** Something before a write is missing: its barrier is void. Says whether the client is to be asked for the whole. */
	missed(isStep2: boolean): 'ask' | 'asked already' | 'in vain' {
		if (this.#awaitsStep2 && !isStep2) return 'asked already';
		if (isStep2 && ++this.#resyncs >= resyncsInARow) return 'in vain';
		this.#awaitsStep2 = true;
		return 'ask';
	}

	/** The client is too old (S12): it reads on, and what it writes from here on is not looked at. */
	outdated(): void {
		this.#refusedWith ??= 'outdated';
		this.#tell('outdated');
	}

	/** Something was refused. The third time in a minute is the last. */
	refused(refusal: Refusal): void {
		const now = this.#now();
		this.#refusedWith ??= refusal;
		this.#tell(refusal);
		this.#refusedAt = [...this.#refusedAt.filter((at) => now - at < 60_000), now];
		if (this.#refusedAt.length >= refusalsAMinute) this.#close(closeCodes.abuse);
	}

	/** Who uses barriers hears what it is; who does not, once, what a stock client knows: it may not write. */
	#tell(refusal: Refusal): void {
		if (this.#barrier) return this.#tellRefused(refusal, this.#barrier);
		if ((refusal !== 'notAllowed' && refusal !== 'outdated') || this.#wasDenied) return;
		this.#wasDenied = true;
		this.#send(writeMessage({ kind: 'denied', reason: refusals[refusal].reason }));
	}

	#tellRefused(refusal: Refusal, payload: Uint8Array): void {
		this.#send(writeMessage({ kind: 'refused', ...refusals[refusal], payload }));
	}
}
