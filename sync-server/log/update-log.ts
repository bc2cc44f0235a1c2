import { recoveredThrough } from '#shared/corpus/recovered.ts';
import type { Cursor } from '#shared/wire/cursor.ts';
import type { ArchivePiece } from './archive-piece.ts';
import type { AuthorRange } from './authors.ts';
import type { LoggedUpdate, StoredUpdate } from './stored-update.ts';

/** An update to append, with the client ids that its user uses here for the first time. */
export interface AppendedUpdate extends LoggedUpdate {
	readonly claims: readonly number[];
	/** Client ids that nobody owned, of what others wrote and this user brought back (shared/corpus/recovered.ts). */
	readonly recovered?: readonly number[];
	/** The least version of a client that may write from now on; the document keeps the highest it was given. */
	readonly leastWriter?: number;
}

/** Who owns which client ids from an update on. */
export function claimsOf(update: AppendedUpdate): readonly (readonly [number, string])[] {
	const { user, claims, recovered = [] } = update;
	return [
		...claims.map((client) => [client, user] as const),
		...recovered.map((client) => [client, recoveredThrough(user)] as const),
	];
}

/** A document as it is on disk: a snapshot (v2) up to `snapshotSeq`, and every update after it, in order. */
export interface StoredDocument {
	readonly epoch: number;
	/** Sequence number of the last update; 0 where there is none. */
	readonly head: number;
	/** Checksum of the last update. */
	readonly headCheck: number;
	readonly snapshotSeq: number;
	readonly snapshot?: Uint8Array;
	/** When the last update in the snapshot was received; 0 without one. */
	readonly snapshotAt: number;
	readonly updates: readonly StoredUpdate[];
	/** Who owns which Yjs client id (S6). */
	readonly owners: ReadonlyMap<number, string>;
	/** The least version of a client that may write (shared/wire/document-version.ts). */
	readonly leastWriter: number;
	/** Rows after the snapshot, and their bytes. */
	readonly rows: number;
	readonly bytes: number;
}

/**
 * The right to append to one document, given by `open`. After an append failed, this handle appends
 * nothing more: what came later may build on what the disk refused. Open the document again (S2).
 */
export interface OpenedDocument {
	readonly stored: StoredDocument;
	/**
	 * Resolves with the sequence number once the update is on disk (fsynced), in the order of the calls.
	 * Rejects when it is not, or when nobody knows, as after an fsync that failed: it may be there when the
	 * document is opened again. Then nothing behind it on this handle is written either.
	 */
	readonly append: (update: AppendedUpdate) => Promise<number>;
	/** Calls back when the next commit is about to begin: what is appended then is in it. It must not throw. */
	readonly beforeCommit: (prepare: () => void) => void;
	/** What is on disk now; its bytes are the caller's, to hand on. Rejects with UnreadableDocument. */
	readonly read: () => Promise<StoredDocument>;
	/** How far the document goes on disk. */
	readonly cursor: () => Promise<Cursor>;
}

/**
 * What is kept of how a document came about. Any state from the base on is the base and the updates after
 * it: first the archived ones, then those that were not folded yet.
 */
export interface StoredHistory {
	/** The document up to `baseSeq` (v2); absent where everything since its beginning is kept. */
	readonly base?: Uint8Array;
	readonly baseSeq: number;
	/** When the last update in the base was received; 0 without one. */
	readonly baseAt: number;
	readonly archive: readonly Pick<ArchivePiece, 'seq' | 'data'>[];
	readonly updates: readonly StoredUpdate[];
	/** Who owns which Yjs client id (S6). */
	readonly owners: ReadonlyMap<number, string>;
	/** Who brought what was folded, for ever; a client's ranges are in order. */
	readonly authors: readonly AuthorRange[];
}

/** How long the updates that were folded are kept, in milliseconds (30 days); 0: not at all. */
export const defaultHistoryMs = 30 * 24 * 60 * 60_000;

/** What lies after a cursor, and the cursor of its end. */
export interface UpdatesSince {
	readonly updates: readonly Uint8Array[];
	readonly cursor: Cursor;
}

/** How far somebody has one of many documents. */
export interface SinceQuestion {
	readonly document: string;
	readonly cursor: Cursor;
}
export type SinceAnswer =
	| ({ readonly kind: 'since' } & UpdatesSince)
	/** Only the whole document can tell. */
	| { readonly kind: 'unknown' }
	/** Its bytes on disk are damaged (S3). */
	| { readonly kind: 'unreadable' }
	/** The answer was full before its turn came. */
	| { readonly kind: 'later' };

/** A document, how far it goes, and the number of its last change. */
export interface ChangedDocument {
	readonly name: string;
	readonly cursor: Cursor;
	readonly change: number;
}

export interface QuarantinedUpdate {
	readonly document: string;
	readonly user: string;
	readonly at: number;
	readonly reason: string;
	readonly data: Uint8Array;
}

/** What compaction did: the rows it folded into the snapshot (0: there was nothing to fold), and its size. */
export interface Compacted {
	readonly foldedRows: number;
	readonly foldedBytes: number;
	readonly snapshotBytes: number;
}
/** What was done with history that is kept no longer. */
export interface Expired {
	readonly documents: number;
	readonly failures: readonly Error[];
}

export const nothingCompacted: Compacted = { foldedRows: 0, foldedBytes: 0, snapshotBytes: 0 };

/**
 * Keeps what was acknowledged. Every implementation passes the suite in tests/contracts/sync/update-log.ts:
 * appends of all documents share commits (one in flight, everything that arrives meanwhile goes into the
 * next), and a read sees exactly what was committed.
 */
export interface UpdateLog {
	/** Reads a document, whether it exists or not; the first append makes it. Rejects with UnreadableDocument (S3). */
	open(document: string): Promise<OpenedDocument>;
	/** How far a document goes, without reading it. */
	cursor(document: string): Promise<Cursor>;
	/**
	 * The updates after a cursor, without reading what is before it; undefined where only the document itself
	 * can tell: the cursor is of another log, what comes after it was folded, or all of it is asked for
	 * (`noCursor`) and it is not small. Rejects with UnreadableDocument.
	 */
	since(document: string, cursor: Cursor): Promise<UpdatesSince | undefined>;
	/**
	 * The same for many documents at once, in the order of the questions. What comes after `limitBytes` were
	 * found is left for later; the first answer always comes, however long it is.
	 */
	sinceEach(
		questions: readonly SinceQuestion[],
		limitBytes: number,
	): Promise<readonly SinceAnswer[]>;
	/**
	 * Documents whose names begin with one of these (each ends with "/", none begins with another) and that
	 * changed after a number, in the order of their last changes, at most `limit`. Numbers start at 1, rise
	 * with every change over the whole log and are never given twice.
	 */
	changed(
		among: readonly string[],
		after: number,
		limit: number,
	): Promise<readonly ChangedDocument[]>;
	/** The number of the last change among documents whose names begin so; 0 where there is none. */
	lastChange(among: readonly string[]): Promise<number>;
	/** Documents with their heads, in the order of their names. */
	documents(): Promise<readonly { readonly name: string; readonly head: number }[]>;
	/**
	 * Folds the rows up to `upTo` into the snapshot: reads only what is on disk, verifies what it made,
	 * keeps the previous snapshot, archives the rows it merged or deletes them where no history is kept, and
	 * nothing else (S8). Who brought what is kept for ever. Rejects and changes nothing where the document
	 * cannot be read or the result differs.
	 */
	compact(document: string, upTo: number): Promise<Compacted>;
	/** What is kept of how a document came about. Rejects with UnreadableDocument where its bytes are damaged. */
	history(document: string): Promise<StoredHistory>;
	/**
	 * Lets go of archived updates received longer ago than the log keeps them, by this time: they are folded
	 * into the base, one document after the other, and a document that cannot be read stays as it is (S8).
	 * Resolves with how many documents were let go of something and why some were not.
	 */
	expireHistory(now: number): Promise<Expired>;
	/** Keeps refused bytes for whoever looks into it; the oldest of the same user go when it is too much. */
	quarantine(update: QuarantinedUpdate): Promise<void>;
	quarantined(document: string): Promise<readonly QuarantinedUpdate[]>;
	/**
	 * Resolves where what is appended would become durable, as far as that is known; after the disk failed it
	 * is what mends the log, as the next append would. Rejects with `disk_failed` or `disk_full` while it cannot.
	 */
	tryDisk(): Promise<void>;
	/** Deletes every document whose name begins so. Open handles on them append nothing more. */
	remove(prefix: string): Promise<void>;
	/** Waits for what was appended, then lets go of the files. */
	close(): Promise<void>;
}

/** What is kept of refused bytes: of a user in one document, and in all. */
export const quarantineLimits = { rows: 50, rowsOfUser: 200, bytesEach: 256 * 1024 } as const;

/** What a thread says instead of throwing UnreadableDocument. */
export const unreadableCode = 'unreadable';

/** The document's bytes on disk are damaged. It is not served, and nothing is written over it (S3). */
export class UnreadableDocument extends Error {
	constructor(document: string, what: string, options?: ErrorOptions) {
		super(`The document ${document} cannot be read: ${what}.`, options);
		this.name = 'UnreadableDocument';
	}
}
