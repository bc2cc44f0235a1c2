import * as Y from 'yjs';
import { formatCursor, isSameCursor, parseCursor, type Cursor } from '#shared/wire/cursor.ts';
import { writeMessage } from '#shared/wire/messages.ts';
import { packUpdates } from '#shared/wire/pack-updates.ts';
import type { UpdatesSince } from '../../log/update-log.ts';
import type { Counters } from '../counters.ts';
import type { OpenDocument } from '../document/open-document.ts';
import { Frame } from './frame.ts';
import { Outbox } from './outbox.ts';
import type { Wire } from './wire.ts';

const nothing = Uint8Array.of(0, 0);
const askForAll = writeMessage({ kind: 'step1', stateVector: Uint8Array.of(0) });
const emptyStep2 = writeMessage({ kind: 'step2', update: nothing });

interface DeliveryOptions {
	readonly wire: Wire;
	/** `?cursor=` of the address; undefined for a stock client, which hears no heads. */
	readonly cursor: string | undefined;
	readonly counters: Counters;
	readonly now: () => number;
	/** The reader was behind and takes again: it lacks what came after this state vector. */
	readonly caughtUp: (stateVector: Uint8Array) => void;
}

/**
 * What one client is sent of a document, and what may be said of how far it is. A head is told only when
 * everything on disk was sent before it: someone comes back with it and is believed.
 */
export class Delivery {
	/** How far the client says it is; undefined where it says nothing. */
	readonly cursor: Cursor | undefined;
	readonly #outbox: Outbox;
	readonly #counters: Counters;
	readonly #hearsHeads: boolean;
	/** Everything on disk was sent, or was there. */
	#hasAll = false;
	/** Differences that wait for the disk. */
	#owed = 0;
	/** An answer to a step 1 is due once the reader has caught up, or an answer before it was sent. */
	#owesStep2 = false;
	#isAnswering = false;
	/** It was told that nothing is missing: its step 1 wants nothing. */
	#isUpToDate = false;

	constructor({ wire, cursor, counters, now, caughtUp }: DeliveryOptions) {
		this.#hearsHeads = cursor !== undefined;
		this.cursor = cursor === undefined ? undefined : parseCursor(cursor);
		this.#counters = counters;
		this.#outbox = new Outbox({
			wire,
			now,
			lagged: () => (this.#hasAll = false),
			overflowed() {
				counters.closedSlowReaders++;
				wire.socket.terminate(); // it would not read a goodbye either
			},
			caughtUp(stateVector) {
				counters.caughtUpReaders++;
				caughtUp(stateVector);
			},
		});
	}

	/** Sends an answer, whatever waits. */
	send(message: Uint8Array): void {
		this.#outbox.send(message);
	}

	/** Sends a durable change; `before` is the state vector of a client that has everything but this. */
	sendChange(frame: Frame, before: () => Uint8Array): void {
		this.#outbox.sendChange(frame, before);
	}

	/** Sends what may be left out. */
	sendHint(frame: Frame): void {
		this.#outbox.sendHint(frame);
	}

	/** Sends a head, where it may be told. */
	sendHead(frame: Frame): void {
		if (this.#hearsHeads && this.#hasAll && !this.#isAnswering) this.#outbox.sendHint(frame);
	}

	/** True when the reader takes nothing any more. Called now and then. */
	isStalled(): boolean {
		const isStalled = this.#outbox.isStalled();
		if (isStalled) this.#counters.closedSlowReaders++;
		return isStalled;
	}

	/** Sends step 1; or a head to a client that is as far as the disk, and needs nothing else. */
	greet(document: OpenDocument): void {
		const { cursor } = document;
		if (this.cursor && cursor && isSameCursor(this.cursor, cursor)) this.#tellUpToDate(cursor);
		else this.send(writeMessage({ kind: 'step1', stateVector: document.stateVector() }));
	}

	/**
	 * Answers the step 1 of a client that has nothing with all that the log has. It is asked what it has, as by
	 * any server: it may have written something since.
	 */
	sendAll({ updates, cursor }: UpdatesSince): void {
		this.#counters.answeredFromLog++;
		this.send(askForAll);
		const update = updates.length > 0 ? Y.mergeUpdates([...updates]) : nothing;
		this.send(writeMessage({ kind: 'step2', update }));
		this.#tellHasAll(cursor);
	}

	/** Sends what the log has after the client's cursor, and how far that is. */
	sendSince({ updates, cursor }: UpdatesSince): void {
		this.#counters.answeredFromLog++;
		for (const update of packUpdates(updates)) this.send(writeMessage({ kind: 'update', update }));
		this.#tellUpToDate(cursor);
	}

	#tellUpToDate(cursor: Cursor): void {
		this.#isUpToDate = true;
		this.#tellHasAll(cursor);
	}

	#tellHasAll(cursor: Cursor | undefined): void {
		this.#hasAll = true;
		if (cursor) this.sendHead(headOf(cursor));
	}

	/**
	 * Answers the step 1 of a client that was told that nothing is missing; false where it was not. Asked
	 * again, it is answered in full.
	 */
	answersStep1(): boolean {
		if (!this.#isUpToDate) return false;
		this.#isUpToDate = false;
		this.send(emptyStep2);
		return true;
	}

	/**
	 * Sends what a client with this state vector lacks, once it is on disk; of a large document one part after
	 * the other, each when the one before it was taken. Throws on bytes that are no vector; rejects where the
	 * document cannot be read.
	 */
	async sendDifference(
		kind: 'step2' | 'update',
		document: OpenDocument,
		stateVector: Uint8Array,
	): Promise<void> {
		this.#owesStep2 ||= kind === 'step2';
		if (this.#outbox.isLagging) return this.#outbox.lagsFrom(stateVector);
		if (this.#isAnswering) return;
		if (document.isLarge) return this.#sendByParts(document, stateVector);
		const update = document.difference(stateVector);
		const frame = writeMessage({ kind: this.#kindOfLast(), update });
		this.#owed++;
		document.afterCommits(() => {
			this.send(frame);
			this.#owed--;
			this.#sent(document);
		});
	}

	/** What is on disk is told; what comes there meanwhile goes out behind it. */
	async #sendByParts(document: OpenDocument, stateVector: Uint8Array): Promise<void> {
		this.#isAnswering = true;
		this.#owed++;
		this.#outbox.holdChanges();
		const part = await document.differenceAside(stateVector);
		this.#isAnswering = false;
		this.#owed--;
		const last = part.isLast ? (part.pieces.at(-1) ?? nothing) : undefined;
		for (const update of part.pieces)
			if (update !== last) this.send(writeMessage({ kind: 'update', update }));
		if (!last) return this.#outbox.lagBehind(part.stateVector);
		this.send(writeMessage({ kind: this.#kindOfLast(), update: last }));
		if (this.#outbox.releaseChanges(part.stateVector)) this.#sent(document);
	}

	/** An answer to a step 1 ends with a step 2. */
	#kindOfLast(): 'step2' | 'update' {
		const kind = this.#owesStep2 ? 'step2' : 'update';
		this.#owesStep2 = false;
		return kind;
	}

	#sent(document: OpenDocument): void {
		if (this.#owed > 0 || this.#outbox.isLagging) return;
		this.#tellHasAll(document.cursor);
	}
}

function headOf(cursor: Cursor): Frame {
	return new Frame({ kind: 'head', cursor: formatCursor(cursor) });
}
