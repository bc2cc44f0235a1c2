import type { BatchState, Role } from '../access/access.ts';
import type { Answer } from '../schema/answer.ts';
import type { ItemData } from '../schema/item.ts';
import type { Schema } from '../schema/schema.ts';
import type { Json } from '../numbers/canonical-json.ts';
import type { Split } from '../numbers/split.ts';
import type { RunState } from '../run/run-state.ts';

/**
 * The rows of the read-only replica in the browser, table by table, as the change feed sends them.
 * `id` is unique within its table over all projects. Times are ISO 8601, UTC. Who may read a row is said
 * at its table; a row somebody may not read is never sent to them, and its loss is sent as null.
 */
export interface ReplicaRows {
	/** Every member. `role` and `hasCode` are the reader's own. */
	projects: {
		id: string;
		name: string;
		role: Role;
		hasCode: boolean;
		schemaVersion: number;
		/** Answers count only once a reviewer accepted them. */
		reviews: boolean;
		isSample: boolean;
		createdAt: string;
	};
	/** Every member. id `<project>@<version>`. */
	schemas: {
		id: string;
		project: string;
		version: number;
		schema: Schema;
		at: string;
		by: string;
	};
	/** Everyone but labelers; a labeler gets only their own row. id `<project>/<user>`. */
	members: {
		id: string;
		project: string;
		user: string;
		name: string;
		role: Role;
		hasCode: boolean;
		joinedAt: string;
	};
	/** A member's own row, and all rows for reviewers and leads. id `<project>/<user>`. */
	figures: {
		id: string;
		project: string;
		user: string;
		submitted: number;
		skipped: number;
		accepted: number;
		returned: number;
		spentMs: number;
		lastAt: string | null;
	};
	/** Members of the batch; all for everyone but labelers. `members` holds only the reader's id in a blind batch for a labeler. */
	batches: {
		id: string;
		project: string;
		name: string;
		purpose: BatchPurpose;
		state: BatchState;
		schemaVersion: number;
		size: number;
		members: string[];
		isBlind: boolean;
		createdAt: string;
		createdBy: string;
		closedAt: string | null;
		/**
		 * Items with at least one submission in this batch; of these skipped, waiting for a verdict, returned, accepted,
		 * answered differently by people who were apart.
		 */
		submitted: number;
		skipped: number;
		waiting: number;
		returned: number;
		accepted: number;
		toSettle: number;
		/** Items answered differently in this batch of which something was said elsewhere since. Told of no blind batch. */
		decidedElsewhere?: string[];
		/** Submissions that came after the close and were not taken in. */
		late: number;
	};
	/** Everyone but labelers. One row per project; id is the project's. */
	summaries: {
		id: string;
		project: string;
		items: number;
		/** Items without an answer and not in an open batch. */
		pool: number;
		inBatches: number;
		waiting: number;
		returned: number;
		toSettle: number;
		/** Items with a current answer. */
		corpus: number;
		/** Answers that changed since the newest snapshot of `main`. */
		sinceSnapshot: number;
		/** Current answers by tool and option, e.g. {sentiment: {positive: 12}}. */
		classes: Record<string, Record<string, number>>;
		people: number;
	};
	/** Everyone but labelers. id is the commit. */
	snapshots: {
		id: string;
		project: string;
		name: string;
		number: number;
		tag: string;
		message: string;
		at: string;
		by: string;
		counts: { train: number; valid: number; gate: number; pool: number };
		classes: Record<string, Record<string, number>>;
		/** Against the parent: answers that are new, differ, or went. */
		changed: { added: number; changed: number; removed: number };
	};
	/** Everyone but labelers. id is the run's number, as text. */
	runs: {
		id: string;
		project: string;
		/** `first` for a push of `train/first`. */
		name: string;
		state: RunState;
		cause: string | null;
		codeCommit: string;
		codeMessage: string;
		dataName: string;
		dataCommit: string;
		params: Record<string, Json>;
		attempt: number;
		runner: string | null;
		by: string;
		createdAt: string;
		startedAt: string | null;
		endedAt: string | null;
		/** The newest value of each metric: {step: 120, loss: 0.81}. */
		last: Record<string, number>;
		quality: Quality | null;
		modelBranch: string | null;
		modelCommit: string | null;
		predictions: number;
	};
	/** Everyone but labelers; machines are shared by all projects. */
	runners: {
		id: string;
		name: string;
		tags: string[];
		state: 'idle' | 'busy' | 'away';
		run: string | null;
		lastSeenAt: string;
	};
	/** Leads. */
	imports: {
		id: string;
		project: string;
		at: string;
		by: string;
		format: string;
		state: 'running' | 'done' | 'failed' | 'undone';
		lines: number;
		items: number;
		answers: number;
		known: number;
		refused: number;
	};
}

export type ReplicaTable = keyof ReplicaRows;
export type Row<T extends ReplicaTable> = ReplicaRows[T];

/** All tables of the replica, in the order in which a page may rely on them. */
export const replicaTables = [
	'projects',
	'schemas',
	'members',
	'figures',
	'batches',
	'summaries',
	'snapshots',
	'runs',
	'runners',
	'imports',
] as const satisfies readonly ReplicaTable[];

/**
 * One line of the change feed. `row: null` takes the row away; null for a project takes everything of it.
 * When a person's rights in a project change they get the project's null, then everything they may read.
 */
export type ChangeLine =
	| { [T in ReplicaTable]: { table: T; id: string; row: Row<T> | null } }[ReplicaTable]
	| { cursor: string; more: boolean }
	| { reset: true };

export type BatchPurpose = 'label' | 'fix' | 'review' | 'audit';

/** A share of right predictions on held-out items, computed by us from predictions, with its 95 % Wilson interval. */
export interface Quality {
	readonly metric: 'accuracy';
	readonly value: number;
	readonly low: number;
	readonly high: number;
	/** How many items it was computed on. */
	readonly n: number;
	/** Which splits those items belong to. */
	readonly on: readonly Split[];
}

/** Where an item stands. */
export type ItemState =
	'pool' | 'open' | 'waiting' | 'returned' | 'labeled' | 'settle' | 'withdrawn';

/** An item as the item list and the packets of batches carry it. */
export interface ItemRow {
	readonly id: string;
	readonly project: string;
	readonly data: ItemData;
	readonly meta?: Readonly<Record<string, Json>>;
	readonly group?: string;
	readonly split: Split;
	readonly state: ItemState;
	/** The current answer, for those who may read the corpus. */
	readonly answer?: Answer;
	readonly by?: readonly string[];
	readonly source?: 'human' | 'import' | 'skim';
	readonly at?: string;
}

/** An item of a batch, as its members get it. Labelers get no split and no corpus beyond what the purpose shows. */
export interface PacketItem {
	readonly id: string;
	readonly data: ItemData;
	readonly meta?: Readonly<Record<string, Json>>;
	readonly group?: string;
	/** What its author has seen counts as seen: goes into `after` of their first submission. */
	readonly heads: readonly string[];
	/** The corpus answer that came with the item (fix and review batches). */
	readonly current?: Answer;
}
