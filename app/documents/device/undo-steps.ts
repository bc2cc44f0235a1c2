import Dexie from 'dexie';
import { parseDocumentName } from '#shared/wire/document-name.ts';
import type { Replica, UndoRow } from '#app/replica/database.ts';

/** Undoing something of so long ago would surprise more than it helps. */
const undoLimitMs = 30 * 86_400_000;

/** What can be undone in a document, item by item, as it was read or is to be written. */
export class UndoSteps {
	readonly #document: string;
	readonly #rows = new Map<string, UndoRow>();
	/** Of these, what goes into the next transaction with the change it belongs to. */
	readonly #unwritten = new Set<UndoRow>();

	constructor(document: string) {
		this.#document = document;
	}

	of(item: string): UndoRow | undefined {
		return this.#rows.get(item);
	}

	/** Steps that have not reached this device's storage. */
	get unwritten(): readonly UndoRow[] {
		return [...this.#unwritten];
	}

	/** Keeps the steps of an item in place of what it had. */
	keep(steps: Pick<UndoRow, 'item' | 'undo' | 'redo'>): void {
		const before = this.#rows.get(steps.item);
		if (before) this.#unwritten.delete(before);
		const row = { ...steps, document: this.#document, at: new Date().toISOString() };
		this.#rows.set(steps.item, row);
		this.#unwritten.add(row);
	}

	/** What lay on this device; steps that were made meanwhile are newer. */
	found(rows: readonly UndoRow[]): void {
		for (const row of rows) if (!this.#rows.has(row.item)) this.#rows.set(row.item, row);
	}

	/** These have reached it. */
	written(rows: readonly UndoRow[]): void {
		for (const row of rows) this.#unwritten.delete(row);
	}
}

/** What can be undone in a document, as it lies on this device; only answers have drafts. */
export async function readUndo(replica: Replica, document: string): Promise<UndoRow[]> {
	if (parseDocumentName(document)?.part !== 'answers') return [];
	return undoOf(replica, document).toArray();
}

/** The rows of what can be undone in a document. */
export function undoOf(replica: Replica, document: string) {
	return replica.undo
		.where('[document+item]')
		.between([document, Dexie.minKey], [document, Dexie.maxKey]);
}

/** Forgets what could be undone and is too long ago. */
export async function forgetOldUndo(replica: Replica): Promise<void> {
	const before = new Date(Date.now() - undoLimitMs).toISOString();
	await replica.undo.where('at').below(before).delete();
}
