import type { Answer } from '../schema/answer.ts';
import type { ItemRow, ItemState, PacketItem } from '../replica/rows.ts';
import type { Role } from '../access/access.ts';
import type { Authored, EarlierStep } from '../corpus/earlier.ts';
import type { VerdictValue } from '../corpus/submission.ts';

/** Who is asking: the answer of `GET /api/me`. */
export interface Me {
	readonly user: { readonly id: string; readonly name: string; readonly email: string | null };
	/** Changes when the server was restored from a backup: the browser then opens another database. */
	readonly epoch: string;
	/** False on http without localhost: the app says that offline will not work. */
	readonly canWorkOffline: boolean;
	/** The public address, for git clone and runner commands. */
	readonly url: string;
	/** The server lost something at this time or before, and takes it back from browsers that have it. */
	readonly recovers?: string | undefined;
}

/** `POST /api/sync/changes` `{since?}`: documents that changed, each with how far it goes now (shared/wire/cursor.ts). */
export type ChangedDocuments =
	| {
			readonly documents: readonly { readonly name: string; readonly cursor: string }[];
			/** Opaque: the `since` of the next call. */
			readonly cursor: string;
			readonly more: boolean;
	  }
	/** The cursor no longer serves: begin without one, and compare every document. */
	| { readonly reset: true };

/** `GET /api/projects/:p/items?q=&state=&split=&option=&batch=&after=&limit=`: one page. */
export interface ItemPage {
	readonly items: readonly ItemRow[];
	/** Pass as `after` for the next page; absent on the last. */
	readonly next?: string;
	/** How many match in all. */
	readonly total: number;
}

/** One thing that was once said about an item. */
export interface HistoryEntry {
	readonly submission: string;
	readonly by: string;
	readonly at: string;
	readonly source: 'human' | 'import' | 'skim';
	readonly batch: string | null;
	readonly answer: Answer | null;
	readonly spentMs: number;
	readonly isLate: boolean;
	readonly isWithdrawn: boolean;
	/** No other submission names it as seen. */
	readonly isHead: boolean;
	readonly verdicts: readonly (VerdictValue & { readonly user: string })[];
}

/** A submission that came after its batch was closed; a line of `GET /api/projects/:p/late?batch=`. */
export interface LateEntry {
	readonly submission: string;
	/** As it stands without it. */
	readonly item: ItemRow;
	readonly batch: string;
	readonly by: string;
	/** When its author wrote it, by their clock. */
	readonly at: string;
	/** Null where it was skipped. */
	readonly answer: Answer | null;
	readonly setAside: {
		readonly by: string;
		readonly at: string;
		readonly reason: string | null;
	} | null;
}

/** `GET /api/projects/:p/items/:item`. */
export interface ItemDetail {
	readonly item: ItemRow;
	readonly history: readonly HistoryEntry[];
	/** Open batches that hold the item. */
	readonly batches: readonly string[];
	readonly predictions: readonly PredictionRow[];
}

/** `GET /api/projects/:p/items/:item/earlier?batch=&before=&limit=`: what was written about an item in one batch. */
export interface EarlierPage {
	/** Batches that hold the item, the newest first. */
	readonly batches: readonly string[];
	/** The one that is told of; null where none holds the item. */
	readonly batch: string | null;
	/** Newest first. */
	readonly steps: readonly EarlierStep[];
	/** Pass as `before` for what came earlier; absent where nothing did. */
	readonly next?: string;
	/** The draft as it was after the newest of these steps. */
	readonly draft: Answer;
	/** Who wrote what stands there now. */
	readonly authored: readonly Authored[];
	/** What was received until then is told of no more; null where all of it is. */
	readonly untoldUntil: string | null;
	/** How many days the server keeps. */
	readonly keptDays: number;
}

/** `GET /api/batches/:b/items`: everything the workspace needs to work without a network. */
export interface Packet {
	readonly batch: string;
	readonly project: string;
	readonly schemaVersion: number;
	readonly items: readonly PacketItem[];
	/** Media named by the items, with sizes, so that progress can be shown. */
	readonly media: readonly {
		readonly sha256: string;
		readonly sizeBytes: number;
		readonly type: string;
	}[];
}

/** What an import did, line by line where it refused (the first 1,000 refusals; `refused` counts all). */
export interface ImportReport {
	readonly id: string;
	readonly lines: number;
	readonly items: number;
	readonly answers: number;
	readonly known: number;
	readonly refused: number;
	readonly refusals: readonly {
		readonly line: number;
		readonly code: string;
		readonly reason: string;
	}[];
}

/** A line of `POST …/import?progress=1` (NDJSON): progress while it runs, then the report. */
export type ImportProgress =
	| {
			readonly kind: 'progress';
			readonly bytes: number;
			readonly lines: number;
			readonly items: number;
	  }
	| { readonly kind: 'done'; readonly report: ImportReport }
	| {
			readonly kind: 'failed';
			readonly error: { readonly code: string; readonly message: string; readonly hint?: string };
	  };

export interface PredictionRow {
	readonly item: string;
	/** `run:12`. */
	readonly model: string;
	readonly answer: Answer;
	readonly confidence: number;
	readonly scores?: Readonly<Record<string, Readonly<Record<string, number>>>>;
	/** The text or media of the item, so that the table reads on its own. */
	readonly data?: ItemRow['data'];
	/** The corpus answer, where there is one and the reader may see it. */
	readonly current?: Answer;
	readonly isRight?: boolean;
}

/** `GET /api/runs/:id/metrics?keys=&from=&to=&points=`: columns, ready to draw. */
export interface MetricSeries {
	readonly key: string;
	readonly steps: readonly number[];
	/** Where points were reduced each drawn point keeps its bucket's extremes; null where a value was not finite. */
	readonly values: readonly (number | null)[];
	readonly stored: number;
}
export interface MetricsReply {
	readonly series: readonly MetricSeries[];
	/** Steps at which a new attempt took over. */
	readonly attempts: readonly { readonly attempt: number; readonly fromStep: number }[];
}

/** `GET /api/runs/:id/log?from=<byte>`. */
export interface LogReply {
	readonly text: string;
	/** Pass as `from` to go on. */
	readonly next: number;
	readonly isEnded: boolean;
}

export interface TokenRow {
	readonly id: string;
	readonly name: string;
	readonly kind: 'person' | 'runner';
	readonly createdAt: string;
	readonly lastUsedAt: string | null;
}

export interface InviteRow {
	readonly id: string;
	readonly role: Role;
	readonly name: string | null;
	readonly createdAt: string;
	readonly expiresAt: string;
}

/** `GET /api/projects/:p/review?…`: a submission that waits for a verdict, or heads that differ. */
export interface ReviewEntry {
	readonly item: ItemRow;
	readonly state: Extract<ItemState, 'waiting' | 'returned' | 'settle' | 'labeled'>;
	readonly batch: string;
	readonly heads: readonly HistoryEntry[];
}
