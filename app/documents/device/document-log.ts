import Dexie from 'dexie';
import * as Y from 'yjs';
import { fullJitterMs } from '#app/net/jitter.ts';
import type { Block, DocumentRow, Refused, Replica, UndoRow } from '#app/replica/database.ts';
import { foldAfterRows, foldWhenIdle } from './compaction.ts';
import { acknowledged } from './document-storage.ts';
import { LogTurns } from './log-turns.ts';
import { fromLog, fromPeerTab } from './origins.ts';
import { isOutOfRoom } from './out-of-room.ts';
import { StoredLog } from './stored-log.ts';
import { UndoSteps } from './undo-steps.ts';
import { WriteQueue } from './write-queue.ts';

/** Where the changes made here are: nothing is said to be anywhere before it is. */
export type SavedState = 'saving' | 'not saved' | 'on this device' | 'on the server';

/**
 * The update log of one Y.Doc on this device, shared with other tabs through IndexedDB.
 *
 * Every change of the doc goes into a queue. The first flush starts after a microtask, so that what one
 * key press changes travels together, and one transaction is in flight at a time: everything that comes
 * meanwhile goes into the next. IndexedDB runs writing transactions one after the other, and each reads
 * what other tabs wrote since, so `seq` has no gap and the doc holds everything up to the newest one it
 * knows. A failed write keeps the queue and is tried again: an update must never be dropped, because all
 * later ones build on it.
 */
export class DocumentLog {
	readonly name: string;
	readonly doc: Y.Doc;
	readonly #replica: Replica;
	readonly #announce: () => void;
	readonly #stored: StoredLog;
	readonly #listeners = new Set<() => void>();
	readonly #serverOrigins = new WeakSet<object>();
	readonly #queue = new WriteQueue();
	readonly #undo: UndoSteps;
	/** Reads and writes one after the other, so that what was seen only ever grows over what was applied. */
	readonly #turns = new LogTurns(() => this.#notify());
	#isDamaged = false;
	#isFlushing = false;
	#isFolding = false;
	#retry: ReturnType<typeof setTimeout> | undefined;

	/** `announce` tells other tabs that rows of this document are new. */
	constructor(replica: Replica, name: string, doc: Y.Doc, announce: () => void) {
		this.#replica = replica;
		this.name = name;
		this.doc = doc;
		this.#announce = announce;
		this.#undo = new UndoSteps(name);
		this.#stored = new StoredLog(replica, name, doc, () => (this.#isDamaged = true));
		doc.on('update', this.#onUpdate);
	}

	/** Everything on this device is in the doc. */
	get isLoaded(): boolean {
		return this.#stored.isRead;
	}

	/** The bookkeeping as last read or written here; the doc holds everything that it counts. */
	get row(): DocumentRow {
		return this.#stored.row;
	}

	/** The document was begun anew after a refusal; what this log still holds belongs to the old one. */
	get isSuperseded(): boolean {
		return this.#turns.areOver;
	}

	/** Why the last read or write failed; undefined when it did not. */
	get failure(): unknown {
		return this.#turns.failure;
	}

	/** Changes wait to be written and this device has no room for them. */
	get isOutOfRoom(): boolean {
		return !this.#queue.isEmpty && isOutOfRoom(this.failure);
	}

	get saved(): SavedState {
		if (this.#queue.hasLocal) return this.#hasFailed ? 'not saved' : 'saving';
		// Before it is read nobody knows whether the server has it; on this device it is in any case.
		if (!this.isLoaded) return 'on this device';
		return this.row.localHead > this.row.acked ? 'on this device' : 'on the server';
	}

	/** Local changes that have not reached this device's storage, as one update. */
	get unwritten(): Uint8Array {
		return this.#queue.local;
	}

	/** Changes of the doc with this origin came from the server: they are kept, and need no sending. */
	addServerOrigin(origin: object): void {
		this.#serverOrigins.add(origin);
	}

	/** Calls back after every change of what the getters say. */
	subscribe(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	/** Fills the doc from this device; tries again until it can. Resolves when it has, or was closed. */
	async load(): Promise<void> {
		await this.refresh();
		while (this.#hasFailed && !this.isLoaded) {
			const waitMs = 100 + fullJitterMs(this.#turns.failures);
			await new Promise((resolve) => setTimeout(resolve, waitMs));
			await this.refresh();
		}
	}

	/** What can be undone on an item. */
	undoOf(item: string): UndoRow | undefined {
		return this.#undo.of(item);
	}

	/** Keeps what can be undone on an item, in the same transaction as the change that is being made. */
	keepUndo(steps: Pick<UndoRow, 'item' | 'undo' | 'redo'>): void {
		this.#undo.keep(steps);
	}

	/** Takes in what other tabs have written. */
	refresh(): Promise<void> {
		return this.#turns.take(async () => {
			await this.#stored.read(this.#undo);
			this.#tellDamage();
		});
	}

	/** The server has `count` of the changes made here on its disk. */
	acknowledge(count: number): Promise<void> {
		return this.#change((row) => acknowledged(row, count));
	}

	/** Everything up to this cursor of the server's log arrived: kept as soon as that is on this device. */
	async keepCursor(cursor: string): Promise<void> {
		await this.whenWritten();
		if (this.#hasFailed || this.row.cursor === cursor) return;
		await this.#change((row) => {
			// All that lies here is acknowledged, and the doc holds nothing beyond it.
			const isLevel = row.localHead <= row.acked && this.#queue.isEmpty;
			return { ...row, cursor, ...(isLevel && { onServer: Y.encodeStateVector(this.doc) }) };
		});
	}

	/** The server's state arrived and is on this device. */
	async markServerState(): Promise<void> {
		await this.whenWritten();
		if (!this.row.hasServerState) await this.#change((row) => ({ ...row, hasServerState: true }));
	}

	/** The server does not take this document for now, or does again (null). */
	block(block: Block | null, refusal: Refused | null = null): Promise<void> {
		return this.#change((row) => ({ ...row, block, refusal }));
	}

	/** Resolves when nothing waits to be written, or writing has failed. */
	async whenWritten(): Promise<void> {
		while (!this.#queue.isEmpty && !this.#hasFailed && !this.isSuperseded)
			await new Promise<void>((resolve) => {
				const stop = this.subscribe(() => {
					stop();
					resolve();
				});
			});
	}

	/** Writes what is left and lets go of the doc. What could not be written is lost with the page. */
	async close(): Promise<void> {
		await this.whenWritten();
		this.doc.off('update', this.#onUpdate);
		clearTimeout(this.#retry);
		this.#listeners.clear();
	}

	get #hasFailed(): boolean {
		return this.failure !== undefined;
	}

	readonly #onUpdate = (update: Uint8Array, origin: unknown): void => {
		if (origin === fromLog || origin === fromPeerTab) return;
		const isServer = typeof origin === 'object' && this.#serverOrigins.has(origin!);
		this.#queue.add(update, !isServer);
		this.#startFlush();
		this.#notify();
	};

	#startFlush(): void {
		if (this.#isFlushing || this.isSuperseded) return;
		this.#isFlushing = true;
		clearTimeout(this.#retry);
		// Outside any transaction of the caller: within one, the write would belong to it and fail.
		queueMicrotask(() => void Dexie.ignoreTransaction(() => this.#flush()));
	}

	async #flush(): Promise<void> {
		while (!this.#queue.isEmpty && !this.isSuperseded) {
			await this.#turns.take(() => this.#write());
			if (this.#hasFailed) break;
		}
		this.#isFlushing = false;
		if (this.#hasFailed && !this.isSuperseded)
			this.#retry = setTimeout(() => this.#startFlush(), 500 + fullJitterMs(this.#turns.failures));
		else if (this.row.head - this.row.foldedTo > foldAfterRows) this.#foldWhenIdle();
		this.#notify();
	}

	/** Writes what waits, with what can be undone of it. */
	async #write(): Promise<void> {
		if (this.#queue.isEmpty) return;
		const steps = this.#undo.unwritten;
		const batch = await this.#queue.pack();
		await this.#stored.write({ ...batch, steps, isDoubted: this.#turns.failures > 0 });
		// Not before the row counts them: until then it may say that the server has everything.
		this.#queue.written(batch);
		this.#undo.written(steps);
		this.#tellDamage();
		this.#announce();
	}

	#change(next: (row: DocumentRow) => DocumentRow): Promise<void> {
		return this.#turns.take(async () => {
			await this.#stored.change(next);
			this.#tellDamage();
			this.#announce();
		});
	}

	/** Has the document begun anew from what the server has and what can be read here. */
	#tellDamage(): void {
		if (!this.#isDamaged || this.row.block !== null) return;
		this.#isDamaged = false;
		void this.block('damaged');
	}

	#foldWhenIdle(): void {
		if (this.#isFolding) return;
		this.#isFolding = true;
		void foldWhenIdle(this.#replica, this.name)
			.then(() => this.refresh())
			.finally(() => (this.#isFolding = false));
	}

	#notify(): void {
		for (const listener of [...this.#listeners]) listener();
	}
}
