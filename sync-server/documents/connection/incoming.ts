import type { Refusal } from '#shared/wire/close-codes.ts';
import type { Message } from '#shared/wire/messages.ts';
import { limits } from '../gate/limits.ts';
import type { OpenDocument } from '../document/open-document.ts';
import type { Writer, WriteVerdict } from '../document/writer.ts';
import type { Receipts } from './receipts.ts';
import type { Share } from './received.ts';

const unsettledLimitBytes = 2 * 1024 * 1024;
/** No more than this waits for a commit to begin: all of it is taken in one turn. */
const queueLimitBytes = 16 * 1024;

/** A small update that came and was not looked at yet, and the barriers that came right behind it. */
interface Queued {
	readonly update: Uint8Array;
	readonly barriers: Uint8Array[];
}

interface IncomingOptions {
	readonly writer: Writer;
	readonly receipts: Receipts;
	/** What is not on disk counts, for the document and for the server. */
	readonly share: Share;
	/** False once the client is gone. */
	readonly isOpen: () => boolean;
	/** Something before a write is missing: the client is asked for the whole. */
	readonly ask: (document: OpenDocument) => void;
	readonly refuse: (refusal: Refusal, data: Uint8Array) => void;
	/** What waited may go on. */
	readonly ready: () => void;
	/** An update could not be judged; the client has it still and brings it again. */
	readonly failed: (error: unknown) => void;
}

/** What one client writes, in its order: judged, applied or refused, and taken no faster than the disk writes. */
export class Incoming {
	readonly #options: IncomingOptions;
	/** An update is judged aside; what came later waits. */
	#isJudging = false;
	#unsettledBytes = 0;
	#awaitsDisk = false;
	#queue: Queued[] = [];
	#queuedBytes = 0;

	constructor(options: IncomingOptions) {
		this.#options = options;
	}

	/** False while an update is judged that nothing may overtake. */
	get isFree(): boolean {
		return !this.#isJudging;
	}

	/** False while the disk is behind by more than 2 MB. */
	get isFlowing(): boolean {
		return this.#unsettledBytes + this.#queuedBytes <= unsettledLimitBytes;
	}

	/** Takes an update, or tells why not: a few small ones together, when the next commit begins. */
	write(
		document: OpenDocument,
		{ kind, update }: Extract<Message, { kind: 'step2' | 'update' }>,
	): void {
		if (kind === 'update' && update.length <= limits.mainThreadBytes) {
			if (this.#queue.length === 0) document.beforeCommit(() => this.#flushOrFail(document));
			this.#queue.push({ update, barriers: [] });
			this.#queuedBytes += update.length;
			this.#options.share.hold(update.length);
			if (this.#queuedBytes > queueLimitBytes) this.flush(document);
			return;
		}
		this.flush(document);
		this.#writeAlone(document, update, kind === 'step2');
	}

	/** Answers a barrier once everything before it is on disk. */
	barrier(document: OpenDocument, payload: Uint8Array): void {
		const last = this.#queue.at(-1);
		if (last) last.barriers.push(payload);
		else this.#options.receipts.barrier(document, payload);
	}

	/** Takes what came so far. Call it before anything is done that comes behind it. */
	flush(document: OpenDocument): void {
		while (this.#queue.length > 0 && this.isFree) this.#takeTogether(document);
	}

	#flushOrFail(document: OpenDocument): void {
		try {
			this.flush(document);
		} catch (error) {
			this.#options.failed(error);
		}
	}

	/** Takes as many as make one change; or the first, where that has to be looked at by itself. */
	#takeTogether(document: OpenDocument): void {
		const { isOpen, receipts, writer } = this.#options;
		const isWanted = isOpen() && !receipts.ignoresWrites;
		const updates = this.#queue.map(({ update }) => update);
		const verdicts = isWanted ? document.writeTogether(updates, writer) : [];
		for (const verdict of verdicts) {
			const { update, answer } = this.#next(document);
			this.#judged(document, update, false, verdict);
			answer();
		}
		if (verdicts.length > 0) return;
		const { update, answer } = this.#next(document);
		if (isWanted) this.#writeAlone(document, update, false, answer);
		else answer();
	}

	/** The first that waits, and what answers the barriers behind it. */
	#next(document: OpenDocument): { update: Uint8Array; answer: () => void } {
		const { update, barriers } = this.#queue.shift()!;
		this.#queuedBytes -= update.length;
		this.#options.share.release(update.length);
		return {
			update,
			answer: () => {
				for (const payload of barriers) this.#options.receipts.barrier(document, payload);
			},
		};
	}

	/** Judges one by itself; `then` is called when that is done. */
	#writeAlone(
		document: OpenDocument,
		update: Uint8Array,
		isStep2: boolean,
		then: () => void = () => undefined,
	): void {
		const { receipts, refuse, writer } = this.#options;
		if (receipts.ignoresWrites) return then();
		if (update.length > (isStep2 ? limits.step2Bytes : limits.updateBytes)) {
			refuse('tooLarge', update);
			return then();
		}
		const verdict = document.write(update, writer);
		if (verdict instanceof Promise)
			return void this.#judgedAside(document, update, isStep2, verdict, then);
		this.#judged(document, update, isStep2, verdict);
		then();
	}

	async #judgedAside(
		document: OpenDocument,
		update: Uint8Array,
		isStep2: boolean,
		judging: Promise<WriteVerdict>,
		then: () => void,
	): Promise<void> {
		const { share } = this.#options;
		this.#isJudging = true;
		share.hold(update.length);
		try {
			const verdict = await judging;
			this.#isJudging = false;
			share.release(update.length);
			if (!this.#options.isOpen()) return;
			this.#judged(document, update, isStep2, verdict);
			then();
			this.flush(document);
			this.#options.ready();
		} catch (error) {
			this.#options.failed(error);
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
				this.#options.receipts.taken(isStep2);
				return this.#hold(document, update.length);
			case 'resync':
				return this.#askAgain(document, isStep2, update);
			case 'outdated':
				return this.#options.receipts.outdated();
			case 'refuse':
				return this.#options.refuse(verdict.refusal, update);
		}
	}

	#hold(document: OpenDocument, bytes: number): void {
		this.#unsettledBytes += bytes;
		this.#options.share.hold(bytes);
		if (!this.#awaitsDisk) this.#awaitDisk(document);
	}

	/** One look at the disk for everything that was taken by now, and another for what comes meanwhile. */
	#awaitDisk(document: OpenDocument): void {
		this.#awaitsDisk = true;
		const bytes = this.#unsettledBytes;
		document.afterCommits(() => {
			const wasStuck = !this.isFlowing;
			this.#awaitsDisk = false;
			this.#unsettledBytes -= bytes;
			this.#options.share.release(bytes);
			if (this.#unsettledBytes > 0) this.#awaitDisk(document);
			if (wasStuck && this.isFlowing) this.#options.ready();
		});
	}

	#askAgain(document: OpenDocument, isStep2: boolean, update: Uint8Array): void {
		switch (this.#options.receipts.missed(isStep2)) {
			case 'ask':
				return this.#options.ask(document);
			case 'asked already':
				return;
			case 'in vain':
				return this.#options.refuse('malformed', update);
		}
	}
}
