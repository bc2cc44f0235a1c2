import type { StatementSync } from 'node:sqlite';
import { crc32, gunzipSync } from 'node:zlib';
import { isSameCursor, noCursor, type Cursor } from '#shared/wire/cursor.ts';
import { UnreadableDocument, type StoredDocument, type UpdatesSince } from '../update-log.ts';
import { wholeDocument, wholeLimitBytes } from '../whole-document.ts';
import type { StoredUpdate } from '../stored-update.ts';

/** What stands of a document in one row. */
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

/**
 * Documents as they are on disk. Whatever is read of one is what was written, or nothing is: a row that is
 * missing or rotten makes it unreadable (S3). Runs inside the transactions of whoever calls.
 */
export class DocumentRows {
	readonly #prepare: (text: string) => StatementSync;

	constructor(prepare: (text: string) => StatementSync) {
		this.#prepare = prepare;
	}

	/** Undefined where it does not exist, and where the index does not lead to it. */
	find(name: string): DocumentRow | undefined {
		return this.#prepare(
			`SELECT id, epoch, head, head_crc AS headCrc, snapshot_seq AS snapshotSeq,
			least_writer AS leastWriter, rows, bytes
			FROM documents WHERE name = ?`,
		).get(name) as unknown as DocumentRow | undefined;
	}

	/** Makes it, without anything in it. */
	create(name: string): DocumentRow {
		// Random, so that a document made again under an old name is not mistaken for the old one.
		const epoch = Math.floor(Math.random() * 2 ** 48);
		this.#prepare('INSERT INTO documents (name, epoch) VALUES (?, ?)').run(name, epoch);
		return this.find(name)!;
	}

	/** What is on disk of a document; an empty one where it does not exist. Throws UnreadableDocument. */
	read(name: string, upTo = Number.MAX_SAFE_INTEGER): StoredDocument {
		const row = this.find(name);
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
		const snapshot = this.snapshot(name, row);
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

	/** The snapshot of a document; undefined where it has none. Throws UnreadableDocument. */
	snapshot(
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

	/** True where a damaged index hides a document that is there: it is not taken for a new one (S3). */
	#isLost(name: string): boolean {
		const row = this.#prepare('SELECT 1 FROM documents NOT INDEXED WHERE name = ?').get(name);
		return row !== undefined;
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
		return cursorOf(this.find(name));
	}

	/** The updates after a cursor; undefined where the rows cannot tell. Throws UnreadableDocument. */
	since(name: string, cursor: Cursor): UpdatesSince | undefined {
		const row = this.find(name);
		// Not even read where its rows alone are too much.
		if (isSameCursor(cursor, noCursor))
			return row && row.bytes > wholeLimitBytes ? undefined : wholeDocument(this.read(name));
		const now = cursorOf(row);
		if (isSameCursor(cursor, now)) return { updates: [], cursor: now };
		if (row?.epoch !== cursor.epoch || cursor.seq <= row.snapshotSeq || cursor.seq >= row.head)
			return undefined;
		// From the row that the cursor names: its checksum must be the same.
		const from = { ...row, snapshotSeq: cursor.seq - 1 };
		const [known, ...updates] = this.#updates(name, from, row.head);
		if (!known || crc32(known.data) !== cursor.check) return undefined;
		return { updates: updates.map(({ data }) => data), cursor: now };
	}
}

/** How far a document goes that has this row; one without a row has nothing. */
function cursorOf(row: DocumentRow | undefined): Cursor {
	return row ? { epoch: row.epoch, seq: row.head, check: row.headCrc } : noCursor;
}

/** Copied only where it would bring along the rest of a larger buffer. */
function unzipped(bytes: Uint8Array): Uint8Array {
	const { buffer, byteOffset, byteLength } = gunzipSync(bytes);
	const view = new Uint8Array(buffer, byteOffset, byteLength);
	return byteLength === buffer.byteLength ? view : view.slice();
}
