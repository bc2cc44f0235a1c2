import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { crc32, gunzipSync, gzip } from 'node:zlib';
import { compactDocument } from '../compact-document.ts';
import {
	nothingCompacted,
	quarantineLimits,
	UnreadableDocument,
	type AppendedUpdate,
	type Compacted,
	type QuarantinedUpdate,
	type StoredDocument,
	type StoredUpdate,
} from '../update-log.ts';

export interface NamedAppend {
	readonly document: string;
	readonly update: AppendedUpdate;
}

interface DocumentRow {
	readonly id: number;
	readonly epoch: number;
	readonly head: number;
	readonly snapshotSeq: number;
	readonly rows: number;
	readonly bytes: number;
}

/** The update log over one SQLite connection, synchronous: what runs inside the threads that own one. */
export class LogFile {
	readonly #sql: DatabaseSync;
	readonly #statements = new Map<string, StatementSync>();

	constructor(sql: DatabaseSync) {
		this.#sql = sql;
	}

	/** Writes a batch as one transaction. When this returns, it is on disk. */
	append(batch: readonly NamedAppend[]): number[] {
		return this.#transaction(() => batch.map((one) => this.#appendOne(one)));
	}

	#appendOne({ document, update }: NamedAppend): number {
		const { id, head } = this.#find(document) ?? this.#create(document);
		const seq = head + 1;
		this.#prepare(
			'INSERT INTO updates (document, seq, user, client, at, data, crc) VALUES (?, ?, ?, ?, ?, ?, ?)',
		).run(id, seq, update.user, update.client, update.at, update.data, crc32(update.data));
		this.#prepare(
			'UPDATE documents SET head = ?, rows = rows + 1, bytes = bytes + ? WHERE id = ?',
		).run(seq, update.data.length, id);
		for (const client of update.claims)
			this.#prepare('INSERT OR IGNORE INTO owners (document, client, user) VALUES (?, ?, ?)').run(
				id,
				client,
				update.user,
			);
		return seq;
	}

	/** What is on disk of a document; an empty one where it does not exist. Throws UnreadableDocument. */
	read(name: string, upTo = Number.MAX_SAFE_INTEGER): StoredDocument {
		const row = this.#find(name);
		if (!row)
			return {
				epoch: 0,
				head: 0,
				snapshotSeq: 0,
				snapshotAt: 0,
				updates: [],
				owners: new Map(),
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
			snapshotSeq: row.snapshotSeq,
			...(snapshot && { snapshot: snapshot.data }),
			snapshotAt: snapshot?.at ?? 0,
			updates,
			owners,
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
		return { data: new Uint8Array(gunzipSync(data)), at: row['at'] as number };
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

	documents(): { name: string; head: number }[] {
		return this.#prepare('SELECT name, head FROM documents ORDER BY name').all() as unknown as {
			name: string;
			head: number;
		}[];
	}

	/**
	 * Folds rows into the snapshot (S8). The fold works on what one read saw; appends go on beside it. The
	 * second transaction deletes exactly the rows that were read, and does nothing where another fold won.
	 */
	async compact(name: string, upTo: number): Promise<Compacted> {
		const read = this.#transaction(() => this.read(name, upTo), 'DEFERRED');
		const last = read.updates.at(-1);
		if (!last) return nothingCompacted;
		const snapshot = compactDocument(name, read);
		const data = await promisify(gzip)(snapshot);
		return this.#transaction(() => {
			const row = this.#find(name);
			if (row?.snapshotSeq !== read.snapshotSeq) return nothingCompacted;
			this.#prepare(`DELETE FROM snapshots WHERE document = ? AND generation = 'previous'`).run(
				row.id,
			);
			this.#prepare(`UPDATE snapshots SET generation = 'previous' WHERE document = ?`).run(row.id);
			this.#prepare(
				`INSERT INTO snapshots (document, generation, seq, at, format, data, crc)
				VALUES (?, 'current', ?, ?, 'v2+gzip', ?, ?)`,
			).run(row.id, last.seq, last.at, data, crc32(data));
			this.#prepare('DELETE FROM updates WHERE document = ? AND seq <= ?').run(row.id, last.seq);
			const foldedBytes = read.updates.reduce((sum, update) => sum + update.data.length, 0);
			this.#prepare(
				'UPDATE documents SET snapshot_seq = ?, rows = rows - ?, bytes = bytes - ? WHERE id = ?',
			).run(last.seq, read.updates.length, foldedBytes, row.id);
			const snapshotBytes = snapshot.length;
			return { foldedRows: read.updates.length, foldedBytes, snapshotBytes };
		});
	}

	quarantine({ document, user, at, reason, data }: QuarantinedUpdate): void {
		this.#transaction(() => {
			this.#prepare(
				'INSERT INTO quarantine (document, user, at, reason, data) VALUES (?, ?, ?, ?, ?)',
			).run(document, user, at, reason, data.subarray(0, quarantineLimits.bytesEach));
			this.#prepare(
				`DELETE FROM quarantine WHERE document = ?1 AND user = ?2 AND id NOT IN
				(SELECT id FROM quarantine WHERE document = ?1 AND user = ?2 ORDER BY id DESC LIMIT ?3)`,
			).run(document, user, quarantineLimits.rows);
		});
	}

	quarantined(document: string): QuarantinedUpdate[] {
		return this.#prepare(
			'SELECT document, user, at, reason, data FROM quarantine WHERE document = ? ORDER BY id',
		).all(document) as unknown as QuarantinedUpdate[];
	}

	remove(prefix: string): void {
		this.#transaction(() => {
			const ids = 'SELECT id FROM documents WHERE substr(name, 1, length(?)) = ?';
			for (const table of ['updates', 'snapshots', 'owners'])
				this.#prepare(`DELETE FROM ${table} WHERE document IN (${ids})`).run(prefix, prefix);
			for (const [table, column] of [
				['quarantine', 'document'],
				['documents', 'name'],
			])
				this.#prepare(`DELETE FROM ${table} WHERE substr(${column}, 1, length(?)) = ?`).run(
					prefix,
					prefix,
				);
		});
	}

	close(): void {
		this.#statements.clear();
		this.#sql.close();
	}

	#find(name: string): DocumentRow | undefined {
		return this.#prepare(
			'SELECT id, epoch, head, snapshot_seq AS snapshotSeq, rows, bytes FROM documents WHERE name = ?',
		).get(name) as unknown as DocumentRow | undefined;
	}

	#create(name: string): DocumentRow {
		// Random, so that a document made again under an old name is not mistaken for the old one.
		const epoch = Math.floor(Math.random() * 2 ** 48);
		this.#prepare('INSERT INTO documents (name, epoch) VALUES (?, ?)').run(name, epoch);
		return this.#find(name)!;
	}

	#prepare(text: string): StatementSync {
		const known = this.#statements.get(text);
		if (known) return known;
		const statement = this.#sql.prepare(text);
		this.#statements.set(text, statement);
		return statement;
	}

	#transaction<T>(work: () => T, mode: 'IMMEDIATE' | 'DEFERRED' = 'IMMEDIATE'): T {
		this.#sql.exec(`BEGIN ${mode}`);
		try {
			const result = work();
			this.#sql.exec('COMMIT');
			return result;
		} catch (error) {
			if (this.#sql.isTransaction) this.#sql.exec('ROLLBACK');
			throw error;
		}
	}
}
