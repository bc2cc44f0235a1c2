import Dexie from 'dexie';
import * as Y from 'yjs';
import { parseDocumentName } from '#shared/wire/document-name.ts';
import { applyInSlices } from './slices.ts';
import type { DocumentRow, Replica, UndoRow } from '#app/replica/database.ts';

/** The bookkeeping of a document that has none yet. */
export function newDocumentRow(document: string): DocumentRow {
	return {
		document,
		project: document.slice(0, document.indexOf('/')),
		generation: 0,
		head: 0,
		foldedTo: 0,
		localHead: 0,
		acked: 0,
		isDirty: 0,
		dirtySince: null,
		hasServerState: false,
		block: null,
		refusal: null,
		isRewritten: false,
	};
}

/** With isDirty as localHead and acked have it, and since when. */
export function withDirt(row: DocumentRow, now = new Date().toISOString()): DocumentRow {
	if (row.localHead <= row.acked) return { ...row, isDirty: 0, dirtySince: null };
	return { ...row, isDirty: 1, dirtySince: row.isDirty === 1 ? (row.dirtySince ?? null) : now };
}

/** A part of a log, as bytes that can be applied to a Y.Doc in this order. */
export interface LogPart {
	/** Version 2: of before there were pieces. */
	readonly snapshot: Uint8Array | undefined;
	readonly updates: readonly Uint8Array[];
}

/**
 * What the log holds after `seen`; to be called within a transaction over `updates` and
 * `documentSnapshots`. Where rows were folded meanwhile the snapshot comes along in their place.
 */
export async function readAfter(
	replica: Replica,
	row: DocumentRow,
	seen: number,
): Promise<LogPart> {
	const snapshot =
		row.foldedTo > seen ? await replica.documentSnapshots.get(row.document) : undefined;
	const rows =
		row.head > Math.max(seen, row.foldedTo)
			? await rowsBetween(replica, row.document, seen + 1, row.head).toArray()
			: [];
	const updates = [...(snapshot?.pieces ?? []), ...rows.map(({ data }) => data)];
	return { snapshot: snapshot?.data, updates };
}

/** The rows from one number to another, both included. */
export function rowsBetween(replica: Replica, document: string, from: number, to: number) {
	return replica.updates
		.where('[document+seq]')
		.between([document, from], [document, to], true, true);
}

/** What can be undone in a document, item by item; only answers have drafts. */
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

/** Undoing something of so long ago would surprise more than it helps. */
const undoLimitMs = 30 * 86_400_000;

/** Forgets what could be undone and is too long ago. */
export async function forgetOldUndo(replica: Replica): Promise<void> {
	const before = new Date(Date.now() - undoLimitMs).toISOString();
	await replica.undo.where('at').below(before).delete();
}

/** Applies what was read, as one transaction with its origin. */
export function applyPart(doc: Y.Doc, part: LogPart, origin: symbol): void {
	if (!part.snapshot && part.updates.length === 0) return;
	doc.transact(() => {
		if (part.snapshot) Y.applyUpdateV2(doc, part.snapshot, origin);
		for (const update of part.updates) Y.applyUpdate(doc, update, origin);
	}, origin);
}

/** Applies what was read, with pauses in which the page draws and hears keys. */
export async function applyPartInSlices(doc: Y.Doc, part: LogPart, origin: symbol): Promise<void> {
	if (part.snapshot) Y.applyUpdateV2(doc, part.snapshot, origin);
	await applyInSlices(doc, part.updates, origin);
}

/** True when the doc lacks something that an update in it builds on. */
export function isIncomplete(doc: Y.Doc): boolean {
	return doc.store.pendingStructs !== null || doc.store.pendingDs !== null;
}
