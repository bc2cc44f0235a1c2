import type { WebSocket } from 'ws';
import * as Y from 'yjs';
import { formatCursor, isSameCursor, parseCursor, type Cursor } from '#shared/wire/cursor.ts';
import { writeMessage } from '#shared/wire/messages.ts';
import type { UpdatesSince } from '../log/update-log.ts';
import type { Counters } from './counters.ts';
import type { OpenDocument } from './open-document.ts';
import { Outbox } from './outbox.ts';

const emptyStep2 = writeMessage({ kind: 'step2', update: Uint8Array.of(0, 0) });

interface DeliveryOptions {
	readonly socket: WebSocket;
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
	/** It was told that nothing is missing: its step 1 wants nothing. */
	#isUpToDate = false;

	constructor({ socket, cursor, counters, now, caughtUp }: DeliveryOptions) {
		this.#hearsHeads = cursor !== undefined;
		this.cursor = cursor === undefined ? undefined : parseCursor(cursor);
		this.#counters = counters;
		this.#outbox = new Outbox({
			socket,
			now,
			lagged: () => (this.#hasAll = false),
			caughtUp(stateVector) {
				counters.caughtUpReaders++;
				caughtUp(stateVector);
			},
		});
	}

	/** Sends an answer, whatever waits. */
	send(frame: Uint8Array): void {
		this.#outbox.send(frame);
	}

	/** Sends a durable change; `before` is the state vector of a client that has everything but this. */
	sendChange(frame: Uint8Array, before: () => Uint8Array): void {
		this.#outbox.sendChange(frame, before);
	}

	/** Sends what may be left out. */
	sendHint(frame: Uint8Array): void {
		this.#outbox.sendHint(frame);
	}

	/** Sends a head, where it may be told. */
	sendHead(frame: Uint8Array): void {
		if (this.#hearsHeads && this.#hasAll) this.#outbox.sendHint(frame);
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

	/** Sends what the log has after the client's cursor, and how far that is. */
	sendSince({ updates, cursor }: UpdatesSince): void {
		this.#counters.answeredFromLog++;
		if (updates.length > 0)
			this.send(writeMessage({ kind: 'update', update: Y.mergeUpdates([...updates]) }));
		this.#tellUpToDate(cursor);
	}

	#tellUpToDate(cursor: Cursor): void {
		this.#isUpToDate = true;
		this.#hasAll = true;
		this.sendHead(headOf(cursor));
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

	/** Sends what a client with this state vector lacks, once it is on disk. Throws on bytes that are none. */
	sendDifference(kind: 'step2' | 'update', document: OpenDocument, stateVector: Uint8Array): void {
		const frame = writeMessage({ kind, update: document.difference(stateVector) });
		this.#owed++;
		document.afterCommits(() => {
			this.send(frame);
			if (--this.#owed > 0 || this.#outbox.isLagging) return;
			this.#hasAll = true;
			if (document.cursor) this.sendHead(headOf(document.cursor));
		});
	}
}

function headOf(cursor: Cursor): Uint8Array {
	return writeMessage({ kind: 'head', cursor: formatCursor(cursor) });
}
