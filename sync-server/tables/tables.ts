import type { RunsTable } from './runs.ts';
import type { PredictionsTable } from './predictions.ts';
import type { MetricsTable } from './metrics.ts';
import type { AttemptsTable } from './attempts.ts';
import type { BatchesTable } from './batches.ts';
import type { BlobsTable } from './blobs.ts';
import type { ImportsTable } from './imports.ts';
import type { ItemsTable } from './items.ts';
import type { SubmissionsTable } from './submissions.ts';
import type { TokensTable } from './tokens.ts';
import type { SettingsTable } from './settings.ts';
import type { InvitesTable } from './invites.ts';
import type { AccountsTable } from './accounts.ts';
import type { ProjectsTable } from './projects.ts';
import type { MembersTable } from './members.ts';
import type { ChangesTable } from './changes.ts';
import type { PushesTable } from './pushes.ts';
import type { SnapshotsTable } from './snapshots.ts';

/**
 * Everything the server alone decides, noun by noun. Each method is one transaction: all of it happened,
 * durably, when its promise resolves, or none of it when it rejects; but after an fsync that failed nobody
 * knows, and it may be there when it is asked for again. While the disk fails, what only reads is answered. Arguments and results are plain structured-clonable
 * values. Nothing above this interface knows which database answers.
 */
export interface TableNouns {
	readonly runs: RunsTable;
	readonly predictions: PredictionsTable;
	readonly metrics: MetricsTable;
	readonly attempts: AttemptsTable;
	readonly batches: BatchesTable;
	readonly blobs: BlobsTable;
	readonly imports: ImportsTable;
	readonly items: ItemsTable;
	readonly submissions: SubmissionsTable;
	readonly tokens: TokensTable;
	readonly settings: SettingsTable;
	readonly invites: InvitesTable;
	readonly accounts: AccountsTable;
	readonly projects: ProjectsTable;
	readonly members: MembersTable;
	readonly changes: ChangesTable;
	readonly pushes: PushesTable;
	readonly snapshots: SnapshotsTable;
}

export interface Tables extends TableNouns {
	/** Calls back after each commit that changed rows of the replica, with the projects concerned. Returns what stops it. */
	onCommit(listener: (projects: readonly string[]) => void): () => void;
	/**
	 * Resolves where what is written would become durable, as far as that is known; after the disk failed it is
	 * what mends the tables, as the next command would. Rejects with `disk_failed` or `disk_full` while it cannot.
	 */
	tryDisk(): Promise<void>;
	/** Finishes what is under way, then closes. */
	close(): Promise<void>;
}
