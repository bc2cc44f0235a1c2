import Dexie from 'dexie';
import * as Y from 'yjs';
import { packingUpdates } from '#shared/wire/pack-updates.ts';
import { fullJitterMs } from '#app/net/jitter.ts';
import type { Block, DocumentRow, Refused, Replica, UndoRow } from '#app/replica/database.ts';
import { compactDocument, foldAfterRows } from './compaction.ts';
import {
	acknowledged,
	applyPartInSlices,
	isIncomplete,
	newDocumentRow,
	readAfter,
	readDocumentRow,
	readUndo,
	withDirt,
	withOwnClient,
	type LogPart,
} from './document-storage.ts';
import { fromLog, fromPeerTab } from './origins.ts';
import { isOutOfRoom } from './out-of-room.ts';
import { eachInSlices } from './slices.ts';

/** Where the changes made here are: nothing is said to be anywhere before it is. */
export type SavedState = 'saving' | 'not saved' | 'on this device' | 'on the server';

/** Merging costs time, rows cost little: what a few gestures wrote is one row, a piece of the server's stays one. */
const packedBytes = 8 * 1024;

/** The document was begun anew after a refusal; what this log still holds belongs to the old one. */
class Superseded extends Error {}

interface Queued {
	readonly update: Uint8Array;
	readonly isLocal: boolean;
}

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
	readonly #listeners = new Set<() => void>();
	readonly #serverOrigins = new WeakSet<object>();
	readonly #onUpdate: (update: Uint8Array, origin: unknown) => void;
	#queue: Queued[] = [];
	/** What can be undone, by item, as it was read or is to be written. */
	readonly #undo = new Map<string, UndoRow>();
	/** Of these, what goes into the next transaction with the change it belongs to. */
	readonly #unwrittenUndo = new Set<UndoRow>();
	#row: DocumentRow;
	#seen = 0;
	#isLoaded = false;
	#isSuperseded = false;
	#isDamaged = false;
	#isFlushing = false;
	#isFolding = false;
	#failures = 0;
	#failure: unknown;
	#retry: ReturnType<typeof setTimeout> | undefined;
	/** Reads and writes one after the other, so that `seen` only ever grows over what was applied. */
	#turn: Promise<unknown> = Promise.resolve();

	/** `announce` tells other tabs that rows of this document are new. */
	constructor(replica: Replica, name: string, doc: Y.Doc, announce: () => void) {
		this.#replica = replica;
		this.name = name;
		this.doc = doc;
		this.#announce = announce;
		this.#row = newDocumentRow(name);
		this.#onUpdate = (update, origin) => {
			if (origin === fromLog || origin === fromPeerTab) return;
			const isServer = typeof origin === 'object' && this.#serverOrigins.has(origin!);
			this.#queue.push({ update, isLocal: !isServer });
			this.#startFlush();
			this.#notify();
		};
		doc.on('update', this.#onUpdate);
	}

	/** Everything on this device is in the doc. */
	get isLoaded(): boolean {
		return this.#isLoaded;
	}

	/** The bookkeeping as last read or written here; the doc holds everything that it counts. */
	get row(): DocumentRow {
		return this.#row;
	}

	get isSuperseded(): boolean {
		return this.#isSuperseded;
	}

	/** Why the last write failed; undefined when it did not. */
	get failure(): unknown {
		return this.#failure;
	}

	/** Changes wait to be written and this device has no room for them. */
	get isOutOfRoom(): boolean {
		return this.#queue.length > 0 && isOutOfRoom(this.#failure);
	}

	get saved(): SavedState {
		if (this.#queue.some(({ isLocal }) => isLocal))
			return this.#failure === undefined ? 'saving' : 'not saved';
		// Before it is read nobody knows whether the server has it; on this device it is in any case.
		if (!this.#isLoaded) return 'on this device';
		return this.#row.localHead > this.#row.acked ? 'on this device' : 'on the server';
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
		while (this.#failure !== undefined && !this.#isLoaded) {
			await new Promise((resolve) => setTimeout(resolve, 100 + fullJitterMs(this.#failures)));
			await this.refresh();
		}
	}

	/** What can be undone on an item. */
	undoOf(item: string): UndoRow | undefined {
		return this.#undo.get(item);
	}

	/** Keeps what can be undone on an item, in the same transaction as the change that is being made. */
	keepUndo(steps: Pick<UndoRow, 'item' | 'undo' | 'redo'>): void {
		const before = this.#undo.get(steps.item);
		if (before) this.#unwrittenUndo.delete(before);
		const row = { ...steps, document: this.name, at: new Date().toISOString() };
		this.#undo.set(steps.item, row);
		this.#unwrittenUndo.add(row);
	}

	/** Takes in what other tabs have written. */
	refresh(): Promise<void> {
		return this.#inTurn(async () => {
			const { updates, documents, documentSnapshots, undo } = this.#replica;
			const [row, part, steps] = await this.#replica.transaction(
				'r',
				[updates, documents, documentSnapshots, undo],
				async () => {
					const found = await readDocumentRow(this.#replica, this.name);
					// The first read decides which generation this log belongs to.
					if (this.#isLoaded) this.#check(found);
					return [
						found,
						await readAfter(this.#replica, found, this.#seen),
						this.#isLoaded ? [] : await readUndo(this.#replica, this.name),
					] as const;
				},
			);
			for (const one of steps) if (!this.#undo.has(one.item)) this.#undo.set(one.item, one);
			await this.#apply(part, this.#isLoaded ? fromPeerTab : fromLog);
			this.#take(row);
			if (!this.#isLoaded && isIncomplete(this.doc)) this.#isDamaged = true;
			this.#isLoaded = true;
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
		if (this.#failure !== undefined || this.#row.cursor === cursor) return;
		await this.#change((row) => {
			// All that lies here is acknowledged, and the doc holds nothing beyond it.
			const isLevel = row.localHead <= row.acked && this.#queue.length === 0;
			return { ...row, cursor, ...(isLevel && { onServer: Y.encodeStateVector(this.doc) }) };
		});
	}

	/** The server's state arrived and is on this device. */
	async markServerState(): Promise<void> {
		await this.whenWritten();
		if (!this.#row.hasServerState) await this.#change((row) => ({ ...row, hasServerState: true }));
	}

	/** The server does not take this document for now, or does again (null). */
	block(block: Block | null, refusal: Refused | null = null): Promise<void> {
		return this.#change((row) => ({ ...row, block, refusal }));
	}

	/** Local changes that have not reached this device's storage, as one update. */
	get unwritten(): Uint8Array {
		return Y.mergeUpdates(this.#queue.flatMap(({ update, isLocal }) => (isLocal ? [update] : [])));
	}

	/** Resolves when nothing waits to be written, or writing has failed. */
	async whenWritten(): Promise<void> {
		while (this.#queue.length > 0 && this.#failure === undefined && !this.#isSuperseded)
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

	#startFlush(): void {
		if (this.#isFlushing || this.#isSuperseded) return;
		this.#isFlushing = true;
		clearTimeout(this.#retry);
		// Outside any transaction of the caller: within one, the write would belong to it and fail.
		queueMicrotask(() => void Dexie.ignoreTransaction(() => this.#flush()));
	}

	async #flush(): Promise<void> {
		while (this.#queue.length > 0 && !this.#isSuperseded) {
			await this.#inTurn(() => this.#commit(this.#queue.slice()));
			if (this.#failure !== undefined) break;
		}
		this.#isFlushing = false;
		if (this.#failure !== undefined && !this.#isSuperseded)
			this.#retry = setTimeout(() => this.#startFlush(), 500 + fullJitterMs(this.#failures));
		else if (this.#row.head - this.#row.foldedTo > foldAfterRows) this.#foldWhenIdle();
		this.#notify();
	}

	async #commit(queued: readonly Queued[]): Promise<void> {
		if (queued.length === 0) return;
		const { updates, documents, documentSnapshots, undo } = this.#replica;
		const steps = [...this.#unwrittenUndo];
		const packed: Uint8Array[] = [];
		const packing = packingUpdates(
			queued.map(({ update }) => update),
			packedBytes,
		);
		await eachInSlices(packing, (pack) => packed.push(pack));
		const localCount = queued.filter(({ isLocal }) => isLocal).length;
		const [row, missed] = await this.#replica.transaction(
			'rw',
			[updates, documents, documentSnapshots, undo],
			async () => {
				const isDoubted = this.#failures > 0;
				const before = await readDocumentRow(this.#replica, this.name, { isDoubted });
				if (this.#isLoaded) this.#check(before);
				const part = await readAfter(this.#replica, before, this.#seen);
				const known = localCount > 0 ? withOwnClient(before, this.doc.clientID) : before;
				const after = withDirt({
					...known,
					head: before.head + packed.length,
					localHead: before.localHead + localCount,
				});
				await updates.bulkAdd(
					packed.map((data, index) => ({
						document: this.name,
						seq: before.head + 1 + index,
						data,
					})),
				);
				await documents.put(after);
				if (steps.length > 0) await undo.bulkPut(steps);
				return [after, part] as const;
			},
		);
		this.#queue = this.#queue.slice(queued.length);
		for (const written of steps) this.#unwrittenUndo.delete(written);
		await this.#apply(missed, fromPeerTab);
		this.#take(row);
		this.#isLoaded = true;
		this.#tellDamage();
		this.#announce();
	}

	/** Changes the bookkeeping of the document where it is, in one transaction. */
	#change(next: (row: DocumentRow) => DocumentRow): Promise<void> {
		return this.#inTurn(async () => {
			const { updates, documents, documentSnapshots } = this.#replica;
			const [row, missed] = await this.#replica.transaction(
				'rw',
				[updates, documents, documentSnapshots],
				async () => {
					const before = await readDocumentRow(this.#replica, this.name);
					if (this.#isLoaded) this.#check(before);
					const after = next(before);
					await documents.put(after);
					return [after, await readAfter(this.#replica, after, this.#seen)] as const;
				},
			);
			await this.#apply(missed, fromPeerTab);
			this.#take(row);
			this.#tellDamage();
			this.#announce();
		});
	}

	/** What can be read is taken in; the rest must not keep it away. */
	async #apply(part: LogPart, origin: symbol): Promise<void> {
		const unreadable = await applyPartInSlices(this.doc, part, origin);
		if (unreadable.length > 0) this.#isDamaged = true;
	}

	/** Has the document begun anew from what the server has and what can be read here. */
	#tellDamage(): void {
		if (!this.#isDamaged || this.#row.block !== null) return;
		this.#isDamaged = false;
		void this.block('damaged');
	}

	#check(row: DocumentRow): void {
		if (row.generation !== this.#row.generation) throw new Superseded();
	}

	#take(row: DocumentRow): void {
		this.#row = row;
		this.#seen = row.head;
	}

	/** Runs after everything before it; a failure is kept and told, never thrown. */
	#inTurn(work: () => Promise<void>): Promise<void> {
		const turn = this.#turn.then(async () => {
			if (this.#isSuperseded) return;
			try {
				await work();
				this.#failure = undefined;
				this.#failures = 0;
			} catch (error) {
				if (error instanceof Superseded) this.#isSuperseded = true;
				else {
					this.#failure = error;
					this.#failures++;
				}
			}
			this.#notify();
		});
		this.#turn = turn;
		return turn;
	}

	#foldWhenIdle(): void {
		if (this.#isFolding) return;
		this.#isFolding = true;
		requestIdleCallback(
			() =>
				void compactDocument(this.#replica, this.name)
					.catch(reportError) // the log is whole without it; the next commit tries again
					.then(() => this.refresh())
					.finally(() => (this.#isFolding = false)),
			{ timeout: 10_000 },
		);
	}

	#notify(): void {
		for (const listener of [...this.#listeners]) listener();
	}
}
