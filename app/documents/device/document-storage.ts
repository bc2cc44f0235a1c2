import * as Y from 'yjs';
import type { DocumentRow, Replica } from '#app/replica/database.ts';
import { applyInSlices } from './slices.ts';

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

/**
 * The bookkeeping of a document; to be called within a transaction over `updates`, `documents` and
 * `documentSnapshots`. Where it is missing or not what it should be, it is made up from what lies there, as if
 * nothing of it were on the server. `isDoubted`: it may be behind what lies there, a write over it failed.
 */
export async function readDocumentRow(
	replica: Replica,
	document: string,
	{ isDoubted = false } = {},
): Promise<DocumentRow> {
	const row: unknown = await replica.documents.get(document);
	if (isDocumentRow(row) && !isDoubted) return row;
	const last = await rowsBetween(replica, document, 0, Number.MAX_SAFE_INTEGER).last();
	const snapshot = await replica.documentSnapshots.get(document);
	const head = Math.max(countOf(last?.seq), countOf(snapshot?.upTo));
	if (isDocumentRow(row)) return { ...row, head: Math.max(head, row.head) };
	if (row === undefined && head === 0) return newDocumentRow(document);
	const foldedTo = countOf(snapshot?.upTo);
	return withDirt({ ...newDocumentRow(document), head, foldedTo, localHead: 1 });
}

function isDocumentRow(value: unknown): value is DocumentRow {
	const row = value as DocumentRow | undefined;
	return (
		row !== undefined &&
		[row.generation, row.head, row.foldedTo, row.localHead, row.acked].every(isCount) &&
		row.foldedTo <= row.head
	);
}

function isCount(value: unknown): value is number {
	return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < 1e9;
}

function countOf(value: unknown): number {
	return isCount(value) ? value : 0;
}

/** With isDirty as localHead and acked have it, and since when. */
export function withDirt(row: DocumentRow, now = new Date().toISOString()): DocumentRow {
	if (row.localHead <= row.acked) return { ...row, isDirty: 0, dirtySince: null };
	return { ...row, isDirty: 1, dirtySince: row.isDirty === 1 ? (row.dirtySince ?? null) : now };
}

/**
 * With one more client id of this person's own. Of a row that an older version wrote to, nobody knows all of
 * them, and it stays so.
 */
function withOwnClient(row: DocumentRow, client: number): DocumentRow {
	if (row.ownClients === undefined && row.localHead > 0) return row;
	const { ownClients = [] } = row;
	return ownClients.includes(client) ? row : { ...row, ownClients: [...ownClients, client] };
}

/** With so many of the changes made here on the server's disk. */
export function acknowledged(row: DocumentRow, count: number): DocumentRow {
	return withDirt({
		...row,
		acked: Math.min(row.localHead, Math.max(row.acked, count)),
		block: row.block === 'outdated' ? null : row.block,
		isRewritten: false,
	});
}

/**
 * Writes updates behind the log; to be called within a transaction that read its bookkeeping. Answers that with
 * them in it, so many of them made here by this Yjs client.
 */
export async function append(
	replica: Replica,
	before: DocumentRow,
	updates: readonly Uint8Array[],
	local: { readonly count: number; readonly client: number },
): Promise<DocumentRow> {
	const { document, head } = before;
	await replica.updates.bulkAdd(
		updates.map((data, index) => ({ document, seq: head + 1 + index, data })),
	);
	return withDirt({
		...(local.count > 0 ? withOwnClient(before, local.client) : before),
		head: head + updates.length,
		localHead: before.localHead + local.count,
	});
}

/** A part of a log, as bytes that can be applied to a Y.Doc in this order. */
export interface LogPart {
	/** Version 2: of before there were pieces. */
	readonly snapshot: Uint8Array | undefined;
	readonly updates: readonly Uint8Array[];
	/** What stood in the log and is no update. */
	readonly unreadable: readonly Unreadable[];
}

/** A part of the log that says nothing any more: torn, or written by something else. */
export interface Unreadable {
	readonly where: string;
	/** What stands there; undefined where it is missing. */
	readonly value: unknown;
}

/** A document as it lies on this device: its bookkeeping and all of its log, as they were at one moment. */
export function readStored(
	replica: Replica,
	name: string,
): Promise<readonly [row: DocumentRow, part: LogPart]> {
	const { updates, documents, documentSnapshots } = replica;
	return replica.transaction('r', [updates, documents, documentSnapshots], async () => {
		const row = await readDocumentRow(replica, name);
		return [row, await readAfter(replica, row, 0)] as const;
	});
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
	const unreadable: Unreadable[] = [];
	const bytesOf = (where: string, value: unknown): Uint8Array[] => {
		if (value instanceof Uint8Array) return [value];
		unreadable.push({ where, value });
		return [];
	};
	const pieces: unknown = snapshot?.pieces ?? [];
	const folded = Array.isArray(pieces) ? (pieces as unknown[]) : [pieces];
	if (row.foldedTo > seen && !snapshot) bytesOf('the folded part', undefined);
	const [whole] = snapshot?.data === undefined ? [] : bytesOf('the folded part', snapshot.data);
	const updates = folded.flatMap((piece, at) => bytesOf(`piece ${at} of the folded part`, piece));
	const found = new Map(rows.map(({ seq, data }) => [seq, data]));
	for (let seq = Math.max(seen, row.foldedTo) + 1; seq <= row.head; seq++)
		updates.push(...bytesOf(`row ${seq}`, found.get(seq)));
	return { snapshot: whole, updates, unreadable };
}

/** The rows from one number to another, both included. */
export function rowsBetween(replica: Replica, document: string, from: number, to: number) {
	return replica.updates
		.where('[document+seq]')
		.between([document, from], [document, to], true, true);
}

/** Applies what was read, as one transaction with its origin; answers what could not be. */
export function applyPart(doc: Y.Doc, part: LogPart, origin: symbol): Unreadable[] {
	const unreadable = [...part.unreadable];
	if (!part.snapshot && part.updates.length === 0) return unreadable;
	doc.transact(() => {
		unreadable.push(...applySnapshot(doc, part, origin));
		for (const update of part.updates)
			try {
				Y.applyUpdate(doc, update, origin);
			} catch {
				unreadable.push({ where: 'an update', value: update });
			}
	}, origin);
	return unreadable;
}

/** Applies what was read, with pauses in which the page draws and hears keys; answers what could not be. */
export async function applyPartInSlices(
	doc: Y.Doc,
	part: LogPart,
	origin: symbol,
): Promise<Unreadable[]> {
	const unreadable = [...part.unreadable, ...applySnapshot(doc, part, origin)];
	await applyInSlices(doc, part.updates, origin, (value) =>
		unreadable.push({ where: 'an update', value }),
	);
	return unreadable;
}

function applySnapshot(doc: Y.Doc, { snapshot }: LogPart, origin: symbol): Unreadable[] {
	if (!snapshot) return [];
	try {
		Y.applyUpdateV2(doc, snapshot, origin);
		return [];
	} catch {
		return [{ where: 'the folded part', value: snapshot }];
	}
}

/** True when the doc lacks something that an update in it builds on. */
export function isIncomplete(doc: Y.Doc): boolean {
	return doc.store.pendingStructs !== null || doc.store.pendingDs !== null;
}
