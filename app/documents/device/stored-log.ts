import type * as Y from 'yjs';
import type { DocumentRow, Replica, UndoRow } from '#app/replica/database.ts';
import {
	append,
	applyPartInSlices,
	isIncomplete,
	newDocumentRow,
	readAfter,
	readDocumentRow,
	type LogPart,
} from './document-storage.ts';
import { TurnsOver } from './log-turns.ts';
import { fromLog, fromPeerTab } from './origins.ts';
import { readUndo, type UndoSteps } from './undo-steps.ts';

/** Changes of the doc, to be written together. */
interface Changes {
	readonly updates: readonly Uint8Array[];
	/** How many changes made here are in them. */
	readonly localCount: number;
	/** What can be undone of them. */
	readonly steps: readonly UndoRow[];
	/** A write over the bookkeeping failed: it may be behind what lies there. */
	readonly isDoubted: boolean;
}

/** What one transaction found: the bookkeeping as it left it, and what lay there and was not yet in the doc. */
interface Visit {
	readonly row: DocumentRow;
	readonly missed: LogPart;
}

/**
 * The log of one document in IndexedDB, and how far it was taken into a doc: the doc holds everything that
 * `row` counts. Each method is one transaction that also reads what other tabs wrote, and takes that in; another
 * one may begin when it is done. Throws `TurnsOver` where the document was begun anew.
 */
export class StoredLog {
	readonly #replica: Replica;
	readonly #name: string;
	readonly #doc: Y.Doc;
	readonly #onDamage: () => void;
	#row: DocumentRow;
	#isRead = false;

	/** `onDamage` is called when something lies there that cannot be read, or is missing. */
	constructor(replica: Replica, name: string, doc: Y.Doc, onDamage: () => void) {
		this.#replica = replica;
		this.#name = name;
		this.#doc = doc;
		this.#onDamage = onDamage;
		this.#row = newDocumentRow(name);
	}

	/** The bookkeeping as last read or written here. */
	get row(): DocumentRow {
		return this.#row;
	}

	/** Everything on this device is in the doc. */
	get isRead(): boolean {
		return this.#isRead;
	}

	/** The first time, what can be undone is read, too. */
	async read(undo: UndoSteps): Promise<void> {
		const isFirst = !this.#isRead;
		const visit = await this.#visit('r', async (row) => {
			if (isFirst) undo.found(await readUndo(this.#replica, this.#name));
			return row;
		});
		await this.#takeIn(visit);
		if (isFirst && isIncomplete(this.#doc)) this.#onDamage();
		this.#isRead = true;
	}

	/** Writes changes of the doc behind what lies there. */
	async write({ updates, localCount, steps, isDoubted }: Changes): Promise<void> {
		const local = { count: localCount, client: this.#doc.clientID };
		const visit = await this.#visit(
			'rw',
			async (row) => {
				if (steps.length > 0) await this.#replica.undo.bulkPut([...steps]);
				return append(this.#replica, row, updates, local);
			},
			{ isDoubted },
		);
		await this.#takeIn(visit);
		this.#isRead = true;
	}

	/** Changes the bookkeeping where it is. */
	async change(next: (row: DocumentRow) => DocumentRow): Promise<void> {
		await this.#takeIn(await this.#visit('rw', (row) => Promise.resolve(next(row))));
	}

	#visit(
		mode: 'r' | 'rw',
		next: (row: DocumentRow) => Promise<DocumentRow>,
		{ isDoubted = false } = {},
	): Promise<Visit> {
		const { updates, documents, documentSnapshots, undo } = this.#replica;
		const tables = [updates, documents, documentSnapshots, undo];
		return this.#replica.transaction(mode, tables, async () => {
			const before = await readDocumentRow(this.#replica, this.#name, { isDoubted });
			// The first read decides which generation this log belongs to.
			if (this.#isRead && before.generation !== this.#row.generation) throw new TurnsOver();
			const missed = await readAfter(this.#replica, before, this.#row.head);
			const row = await next(before);
			if (mode === 'rw') await documents.put(row);
			return { row, missed };
		});
	}

	/** What can be read is taken in; the rest must not keep it away. */
	async #takeIn({ row, missed }: Visit): Promise<void> {
		const origin = this.#isRead ? fromPeerTab : fromLog;
		const unreadable = await applyPartInSlices(this.#doc, missed, origin);
		if (unreadable.length > 0) this.#onDamage();
		this.#row = row;
	}
}
