import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { Cursor } from '#shared/wire/cursor.ts';
import {
	claimsOf,
	type AppendedUpdate,
	type ChangedDocument,
	type QuarantinedUpdate,
	type SinceAnswer,
	type SinceQuestion,
	type StoredDocument,
	type StoredHistory,
	type UpdatesSince,
} from '../update-log.ts';
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
import { DocumentRows } from './document-rows.ts';
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

/** The update log over one SQLite connection, synchronous: what runs inside the thread that owns it. */
export class LogFile {
	readonly #connection: Connection;
	readonly #documents = new DocumentRows((text) => this.#prepare(text));
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
		const { id, head, leastWriter } =
			this.#documents.find(document) ?? this.#documents.create(document);
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
	read(name: string, upTo?: number): StoredDocument {
		return this.#documents.read(name, upTo);
	}

	/** How far a document goes. */
	cursor(name: string): Cursor {
		return this.#documents.cursor(name);
	}

	/** The updates after a cursor; undefined where the rows cannot tell. Throws UnreadableDocument. */
	since(name: string, cursor: Cursor): UpdatesSince | undefined {
		return this.#documents.since(name, cursor);
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
			const row = this.#documents.find(name);
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
		const row = this.#documents.find(name);
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
		const row = this.#documents.find(name);
		const found = row && this.#history.expiring(name, row.id, before);
		if (!row || found === undefined) return undefined;
		if (found !== 'all') return found;
		this.#documents.snapshot(name, row);
		this.#transaction(() => this.#history.forget(row.id));
		return 'done';
	}

	/** Puts a base in the place of what it was made from (S8); false where that is gone. */
	moveBase(name: string, made: MovedBase): boolean {
		return this.#transaction(() => {
			const row = this.#documents.find(name);
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

	#prepare(text: string): StatementSync {
		return this.#connection.prepare(text);
	}

	#transaction<T>(work: () => T): T {
		return this.#connection.transaction(work);
	}
}
