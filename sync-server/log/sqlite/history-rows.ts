import type { StatementSync } from 'node:sqlite';
import { crc32, gunzipSync } from 'node:zlib';
import { expiredPieces, type ArchivePiece } from '../archive-piece.ts';
import { joinAuthors, type AuthorRange } from '../authors.ts';
import { UnreadableDocument, type StoredHistory } from '../update-log.ts';

/** What a fold leaves of the rows it merged. */
export interface FoldedRows {
	readonly snapshotSeq: number;
	readonly upTo: number;
	/** Absent where no history is kept. */
	readonly pieces?: readonly ArchivePiece[];
	readonly authors: readonly AuthorRange[];
}

/** The oldest pieces of a document that are kept no longer, and the base before them. */
export interface Expiring {
	readonly name: string;
	readonly base: Uint8Array | undefined;
	readonly baseSeq: number;
	readonly pieces: readonly ArchivePiece[];
}

/** Documents to let go of something, and the last that was looked at; undefined at the end. */
export interface ToExpire {
	readonly due: readonly string[];
	readonly lookedAt: number | undefined;
}

/** A base that takes the place of another and the pieces after it. */
export interface MovedBase {
	readonly fromSeq: number;
	readonly upTo: number;
	readonly at: number;
	/** v2, gzipped. */
	readonly data: Uint8Array;
}

/** Commits wait while documents are looked at: a few milliseconds for so many. */
const lookAtOnce = 200;

type Document = { readonly id: number; readonly snapshotSeq: number };
type Base = { readonly seq: number; readonly at: number; readonly data?: Uint8Array };

/**
 * The past of documents: a base, archived pieces from there to the snapshot, and who brought what. A document
 * without pieces has no base of its own: its snapshot is one. Runs inside the transactions of whoever calls.
 */
export class HistoryRows {
	readonly #prepare: (text: string) => StatementSync;

	constructor(prepare: (text: string) => StatementSync) {
		this.#prepare = prepare;
	}

	/** Keeps what a fold leaves. Call it before the snapshot it was made from is put aside. */
	keep({ id, snapshotSeq }: Document, { pieces, authors, upTo }: FoldedRows): void {
		for (const range of authors) this.#keepAuthor(id, range);
		if (!pieces) return this.forget(id);
		let next = snapshotSeq + 1;
		for (const piece of pieces) {
			if (piece.seq !== next) throw new Error(`the archive lacks update ${next}`);
			next = piece.upTo + 1;
		}
		if (next !== upTo + 1) throw new Error(`the archive lacks update ${next}`);
		const end = this.#prepare('SELECT max(up_to) AS seq FROM archive WHERE document = ?').get(id);
		// Another program may have folded without keeping anything: a past with a hole is none.
		if (end?.['seq'] !== snapshotSeq) {
			this.forget(id);
			this.#prepare(
				`INSERT INTO bases (document, seq, at, data, crc) SELECT document, seq, at, data, crc
				FROM snapshots WHERE document = ? AND generation = 'current'`,
			).run(id);
		}
		const insert = this.#prepare(
			'INSERT INTO archive (document, seq, up_to, at, bytes, data, crc) VALUES (?, ?, ?, ?, ?, ?, ?)',
		);
		for (const { seq, upTo: last, at, bytes, data } of pieces)
			insert.run(id, seq, last, at, bytes, data, crc32(data));
	}

	#keepAuthor(id: number, range: AuthorRange): void {
		const last = this.#prepare(
			`SELECT client, clock, until, user, at FROM authors WHERE document = ? AND client = ?
			ORDER BY clock DESC LIMIT 1`,
		).get(id, range.client) as unknown as AuthorRange | undefined;
		const joined = joinAuthors(last, range);
		if (!joined) return;
		const { client, clock, until, user, at } = joined.range;
		this.#prepare(
			`INSERT INTO authors (document, client, clock, until, user, at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET until = excluded.until`,
		).run(id, client, clock, until, user, at);
	}

	/** What is kept before the snapshot. `snapshot` stands in where nothing else is. Throws UnreadableDocument. */
	read(
		name: string,
		{ id, snapshotSeq }: Document,
		snapshot: Base,
	): Pick<StoredHistory, 'base' | 'baseSeq' | 'baseAt' | 'archive' | 'authors'> {
		const authors = this.#prepare(
			'SELECT client, clock, until, user, at FROM authors WHERE document = ? ORDER BY client, clock',
		).all(id) as unknown as AuthorRange[];
		const archive = this.#pieces(name, id);
		const isWhole = archive.at(-1)?.upTo === snapshotSeq;
		const { seq, at, data } = isWhole ? this.#base(name, id) : snapshot;
		if (isWhole && archive[0]!.seq !== seq + 1)
			throw new UnreadableDocument(name, 'its history has a hole');
		return {
			...(data && { base: data }),
			baseSeq: seq,
			baseAt: at,
			archive: isWhole ? archive : [],
			authors,
		};
	}

	#base(name: string, id: number): Base {
		const row = this.#prepare('SELECT seq, at, data, crc FROM bases WHERE document = ?').get(id);
		if (!row) return { seq: 0, at: 0 };
		const data = row['data'] as Uint8Array;
		if (crc32(data) !== row['crc'])
			throw new UnreadableDocument(name, 'the base of its history is damaged');
		return {
			seq: row['seq'] as number,
			at: row['at'] as number,
			data: new Uint8Array(gunzipSync(data)),
		};
	}

	#pieces(name: string, id: number, limit = -1): ArchivePiece[] {
		const rows = this.#prepare(
			`SELECT seq, up_to AS upTo, at, bytes, data, crc FROM archive WHERE document = ?
			ORDER BY seq LIMIT ?`,
		).all(id, limit);
		let next: number | undefined;
		return rows.map((row) => {
			const { crc, ...piece } = row as unknown as ArchivePiece & { crc: number };
			if (crc32(piece.data) !== crc || piece.seq !== (next ?? piece.seq))
				throw new UnreadableDocument(name, `its history is damaged from update ${piece.seq} on`);
			next = piece.upTo + 1;
			return piece;
		});
	}

	/** Of the next documents after one, by id: those with pieces to let go of, and the last that was looked at. */
	toExpire(after: number, before: number): ToExpire {
		const next = this.#prepare(
			`SELECT id, name FROM documents JOIN (SELECT DISTINCT document FROM archive
			WHERE document > ? ORDER BY document LIMIT ${lookAtOnce}) ON document = id ORDER BY id`,
		).all(after) as unknown as { id: number; name: string }[];
		return {
			due: next.filter(({ id }) => this.#expired(id, before) > 0).map(({ name }) => name),
			lookedAt: next.at(-1)?.id,
		};
	}

	#expired(id: number, before: number): number {
		const pieces = this.#prepare(
			`SELECT seq, up_to AS upTo, at, bytes FROM archive INDEXED BY archive_in_order
			WHERE document = ? ORDER BY seq`,
		).all(id) as unknown as ArchivePiece[];
		return expiredPieces(pieces, before);
	}

	/** What of a document is to be folded into its base; undefined where nothing is or all of it is. Throws UnreadableDocument. */
	expiring(name: string, id: number, before: number): Expiring | 'all' | undefined {
		const count = this.#expired(id, before);
		if (count === 0) return undefined;
		const all = this.#prepare('SELECT count(*) AS count FROM archive WHERE document = ?').get(id);
		if (all?.['count'] === count) return 'all';
		const { seq, data } = this.#base(name, id);
		const pieces = this.#pieces(name, id, count);
		if (pieces[0]!.seq !== seq + 1) throw new UnreadableDocument(name, 'its history has a hole');
		return { name, base: data, baseSeq: seq, pieces };
	}

	/** Puts a base in the place of another and the pieces it was made from; false where they are no longer there. */
	moveBase(id: number, { fromSeq, upTo, at, data }: MovedBase): boolean {
		const base = this.#prepare('SELECT seq FROM bases WHERE document = ?').get(id);
		const last = this.#prepare('SELECT 1 FROM archive WHERE document = ? AND up_to = ?');
		if ((base?.['seq'] ?? 0) !== fromSeq || !last.get(id, upTo)) return false;
		this.#prepare(
			'INSERT OR REPLACE INTO bases (document, seq, at, data, crc) VALUES (?, ?, ?, ?, ?)',
		).run(id, upTo, at, data, crc32(data));
		this.#prepare('DELETE FROM archive WHERE document = ? AND up_to <= ?').run(id, upTo);
		return true;
	}

	/** Lets go of the past of a document: from here on its snapshot is the base. Who brought what stays. */
	forget(id: number): void {
		this.#prepare('DELETE FROM archive WHERE document = ?').run(id);
		this.#prepare('DELETE FROM bases WHERE document = ?').run(id);
	}
}
