import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { crc32, gunzipSync } from 'node:zlib';
import { isSameCursor, type Cursor } from '#shared/wire/cursor.ts';
import {
	claimsOf,
	UnreadableDocument,
	type AppendedUpdate,
	type ChangedDocument,
	type QuarantinedUpdate,
	type SinceAnswer,
	type SinceQuestion,
	type StoredDocument,
	type StoredHistory,
	type UpdatesSince,
} from '../update-log.ts';
import type { StoredUpdate } from '../stored-update.ts';
import { answerWithin } from '../answer-within.ts';
import { ChangeNumbers } from './change-numbers.ts';
import { Connection } from '../../sqlite/connection.ts';
import {
	HistoryRows,
	type Expiring,
	type FoldedRows,
	type MovedBase,
	type ToExpire,
} from './history-rows.ts';
import { QuarantineRows } from './quarantine-rows.ts';
import { removeDocuments } from './remove-documents.ts';

export interface NamedAppend {
	readonly document: string;
	readonly update: AppendedUpdate;
}

/** A snapshot and the rows it was made from. */
export interface Fold extends FoldedRows {
	readonly at: number;
	readonly rows: number;
	readonly bytes: number;
	/** v2, gzipped. */
	readonly data: Uint8Array;
}

interface DocumentRow {
	readonly id: number;
	readonly epoch: number;
	readonly head: number;
	readonly headCrc: number;
	readonly snapshotSeq: number;
	readonly leastWriter: number;
	readonly rows: number;
	readonly bytes: number;
}

/** The update log over one SQLite connection, synchronous: what runs inside the thread that owns it. */
export class LogFile {
	readonly #connection: Connection;
	readonly #changes: ChangeNumbers;
	readonly #history = new HistoryRows((text) => this.#prepare(text));
	readonly #quarantine = new QuarantineRows((text) => this.#prepare(text));

	/** `open` opens the file, and again after the disk failed. */
	constructor(open: () => DatabaseSync) {
		this.#connection = new Connection(open);
		this.#changes = new ChangeNumbers((text) => this.#prepare(text));
	}

	/** Writes a batch as one transaction. When this returns, it is on disk. */
	append(batch: readonly NamedAppend[]): number[] {
		return this.#transaction(() => {
			const seqs = batch.map((one) => this.#appendOne(one));
			this.#changes.give(new Set(batch.map(({ document }) => document)));
			return seqs;
		});
	}

	#appendOne({ document, update }: NamedAppend): number {
		const { id, head, leastWriter } = this.#find(document) ?? this.#create(document);
		const seq = head + 1;
		const crc = crc32(update.data);
		this.#prepare(
			'INSERT INTO updates (document, seq, user, client, at, data, crc) VALUES (?, ?, ?, ?, ?, ?, ?)',
		).run(id, seq, update.user, update.client, update.at, update.data, crc);
		this.#prepare(
			'UPDATE documents SET head = ?, head_crc = ?, rows = rows + 1, bytes = bytes + ? WHERE id = ?',
		).run(seq, crc, update.data.length, id);
		if ((update.leastWriter ?? 0) > leastWriter)
			this.#prepare('UPDATE documents SET least_writer = ? WHERE id = ?').run(
				update.leastWriter!,
				id,
			);
		for (const [client, owner] of claimsOf(update))
			this.#prepare('INSERT OR IGNORE INTO owners (document, client, user) VALUES (?, ?, ?)').run(
				id,
				client,
				owner,
			);
		return seq;
	}

	/** What is on disk of a document; an empty one where it does not exist. Throws UnreadableDocument. */
	read(name: string, upTo = Number.MAX_SAFE_INTEGER): StoredDocument {
		const row = this.#find(name);
		if (!row && this.#isLost(name))
			throw new UnreadableDocument(name, 'the index does not lead to it');
		if (!row)
			return {
				epoch: 0,
				head: 0,
				headCheck: 0,
				snapshotSeq: 0,
				snapshotAt: 0,
				updates: [],
				owners: new Map(),
				leastWriter: 0,
				rows: 0,
				bytes: 0,
			};
		const snapshot = this.#snapshot(name, row);
		const updates = this.#updates(name, row, upTo);
		const owners = new Map(
			this.#prepare('SELECT client, user FROM owners WHERE document = ?')
				.all(row.id)
				.map((owner) => [owner['client'] as number, owner['user'] as string]),
		);
		return {
			epoch: row.epoch,
			head: row.head,
			headCheck: row.headCrc,
			snapshotSeq: row.snapshotSeq,
			...(snapshot && { snapshot: snapshot.data }),
			snapshotAt: snapshot?.at ?? 0,
			updates,
			owners,
			leastWriter: row.leastWriter,
			rows: row.rows,
			bytes: row.bytes,
		};
	}

	#snapshot(
		name: string,
		{ id, snapshotSeq }: DocumentRow,
	): { data: Uint8Array; at: number } | undefined {
		if (snapshotSeq === 0) return undefined;
		const row = this.#prepare(
			`SELECT seq, at, data, crc FROM snapshots WHERE document = ? AND generation = 'current'`,
		).get(id);
		const data = row?.['data'] as Uint8Array | undefined;
		if (!data || row?.['seq'] !== snapshotSeq || crc32(data) !== row['crc'])
			throw new UnreadableDocument(name, 'its snapshot is missing or damaged');
		return { data: unzipped(data), at: row['at'] as number };
	}

	#updates(name: string, { id, snapshotSeq, head }: DocumentRow, upTo: number): StoredUpdate[] {
		const rows = this.#prepare(
			`SELECT seq, user, client, at, data, crc FROM updates
			WHERE document = ? AND seq > ? AND seq <= ? ORDER BY seq`,
		).all(id, snapshotSeq, upTo);
		const expected = Math.max(0, Math.min(head, upTo) - snapshotSeq);
		if (rows.length !== expected)
			throw new UnreadableDocument(name, `it has ${rows.length} of ${expected} updates`);
		return rows.map((row) => {
			const { crc, ...update } = row as unknown as StoredUpdate & { crc: number };
			if (crc32(update.data) !== crc)
				throw new UnreadableDocument(name, `update ${update.seq} is damaged`);
			return update;
		});
	}

	/** How far a document goes. */
	cursor(name: string): Cursor {
		const row = this.#find(name);
		return { epoch: row?.epoch ?? 0, seq: row?.head ?? 0, check: row?.headCrc ?? 0 };
	}

	/** The updates after a cursor; undefined where the rows cannot tell. Throws UnreadableDocument. */
	since(name: string, cursor: Cursor): UpdatesSince | undefined {
		const now = this.cursor(name);
		if (isSameCursor(cursor, now)) return { updates: [], cursor: now };
		const row = this.#find(name);
		if (row?.epoch !== cursor.epoch || cursor.seq <= row.snapshotSeq || cursor.seq >= row.head)
			return undefined;
		// From the row that the cursor names: its checksum must be the same.
		const from = { ...row, snapshotSeq: cursor.seq - 1 };
		const [known, ...updates] = this.#updates(name, from, row.head);
		if (!known || crc32(known.data) !== cursor.check) return undefined;
		return { updates: updates.map(({ data }) => data), cursor: now };
	}

	/** The same for many documents; one that is damaged spoils nobody else's answer. */
	sinceEach(questions: readonly SinceQuestion[], limitBytes: number): SinceAnswer[] {
		return answerWithin(questions, limitBytes, (name, cursor) => this.since(name, cursor));
	}

	/** What changed after a number among documents whose names begin so. */
	changed(among: readonly string[], after: number, limit: number): ChangedDocument[] {
		return this.#changes.after(among, after, limit);
	}

	/** The number of the last change among these. */
	lastChange(among: readonly string[]): number {
		return this.#changes.last(among);
	}

	documents(): { name: string; head: number }[] {
		return this.#prepare('SELECT name, head FROM documents ORDER BY name').all() as unknown as {
			name: string;
			head: number;
		}[];
	}

	/**
	 * Puts a snapshot in the place of the rows it was made from (S8). They are named by what was read:
	 * the snapshot before them and the last of them. Nothing happens where another fold won meanwhile.
	 */
	fold(name: string, made: Fold): boolean {
		return this.#transaction(() => {
			const row = this.#find(name);
			if (!row || row.snapshotSeq !== made.snapshotSeq) return false;
			const { id } = row;
			this.#history.keep(row, made);
			this.#prepare(`DELETE FROM snapshots WHERE document = ? AND generation = 'previous'`).run(id);
			this.#prepare(`UPDATE snapshots SET generation = 'previous' WHERE document = ?`).run(id);
			this.#prepare(
				`INSERT INTO snapshots (document, generation, seq, at, format, data, crc)
				VALUES (?, 'current', ?, ?, 'v2+gzip', ?, ?)`,
			).run(id, made.upTo, made.at, made.data, crc32(made.data));
			this.#prepare('DELETE FROM updates WHERE document = ? AND seq <= ?').run(id, made.upTo);
			this.#prepare(
				'UPDATE documents SET snapshot_seq = ?, rows = rows - ?, bytes = bytes - ? WHERE id = ?',
			).run(made.upTo, made.rows, made.bytes, id);
			return true;
		});
	}

	/** What is kept of a document's past. Throws UnreadableDocument. */
	history(name: string): StoredHistory {
		const row = this.#find(name);
		const { owners, updates, snapshot, snapshotAt: at } = this.read(name);
		const snapshotSeq = row?.snapshotSeq ?? 0;
		const last = { seq: snapshotSeq, at, ...(snapshot && { data: snapshot }) };
		const past = this.#history.read(name, { id: row?.id ?? 0, snapshotSeq }, last);
		return { ...past, updates, owners };
	}

	/** Of the next documents after one, by id: those that keep archived updates from before a time. */
	toExpire(after: number, before: number): ToExpire {
		return this.#history.toExpire(after, before);
	}

	/**
	 * What of a document's past is to be folded into its base. Where that is all of it, the snapshot says the
	 * same and it is let go of here. Throws UnreadableDocument.
	 */
	expire(name: string, before: number): Expiring | 'done' | undefined {
		const row = this.#find(name);
		const found = row && this.#history.expiring(name, row.id, before);
		if (!row || found === undefined) return undefined;
		if (found !== 'all') return found;
		this.#snapshot(name, row);
		this.#transaction(() => this.#history.forget(row.id));
		return 'done';
	}

	/** Puts a base in the place of what it was made from (S8); false where that is gone. */
	moveBase(name: string, made: MovedBase): boolean {
		return this.#transaction(() => {
			const row = this.#find(name);
			return row !== undefined && this.#history.moveBase(row.id, made);
		});
	}

	/** Opens the file anew where the disk failed; throws while it still does. */
	tryDisk(): void {
		this.#connection.mend();
	}

	quarantine(update: QuarantinedUpdate): void {
		this.#transaction(() => this.#quarantine.put(update));
	}

	quarantined(document: string): QuarantinedUpdate[] {
		return this.#quarantine.of(document);
	}

	remove(prefix: string): void {
		this.#transaction(() => removeDocuments((text) => this.#prepare(text), prefix));
	}

	close(): void {
		this.#connection.close();
	}

	#find(name: string): DocumentRow | undefined {
		return this.#prepare(
			`SELECT id, epoch, head, head_crc AS headCrc, snapshot_seq AS snapshotSeq,
			least_writer AS leastWriter, rows, bytes
			FROM documents WHERE name = ?`,
		).get(name) as unknown as DocumentRow | undefined;
	}

	/** True where a damaged index hides a document that is there: it is not taken for a new one (S3). */
	#isLost(name: string): boolean {
		const row = this.#prepare('SELECT 1 FROM documents NOT INDEXED WHERE name = ?').get(name);
		return row !== undefined;
	}

	#create(name: string): DocumentRow {
		// Random, so that a document made again under an old name is not mistaken for the old one.
		const epoch = Math.floor(Math.random() * 2 ** 48);
		this.#prepare('INSERT INTO documents (name, epoch) VALUES (?, ?)').run(name, epoch);
		return this.#find(name)!;
	}

	#prepare(text: string): StatementSync {
		return this.#connection.prepare(text);
	}

	#transaction<T>(work: () => T): T {
		return this.#connection.transaction(work);
	}
}

/** Copied only where it would bring along the rest of a larger buffer. */
function unzipped(bytes: Uint8Array): Uint8Array {
	const { buffer, byteOffset, byteLength } = gunzipSync(bytes);
	const view = new Uint8Array(buffer, byteOffset, byteLength);
	return byteLength === buffer.byteLength ? view : view.slice();
}
