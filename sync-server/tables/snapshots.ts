import type { Row } from '#shared/replica/rows.ts';
import type { Schema } from '#shared/schema/schema.ts';

/** A snapshot as the tables keep it. `id` is the commit. */
export type SnapshotRecord = Row<'snapshots'> & {
	/** `projects.revision` that it froze; 0 when it was found again in git and nobody knows. */
	readonly revision: number;
};

/** An item with everything its line in a snapshot needs; JSON as the tables keep it, as text. */
export interface FrozenItem {
	readonly id: string;
	readonly shard: number;
	readonly data: string;
	readonly meta: string | null;
	readonly group: string | null;
	readonly split: 'train' | 'valid' | 'gate';
	readonly answer: string | null;
	readonly by: string | null;
	readonly source: 'human' | 'import' | 'skim' | null;
	readonly at: string | null;
}

/** One state of a project's corpus, held still while it is read. */
export interface FrozenCorpus {
	readonly reading: number;
	readonly revision: number;
	readonly schema: Schema;
	readonly schemaVersion: number;
	/** How many items changed after `since`, withdrawn ones among them. */
	readonly changedItems: number;
	/** True when an item that names media was withdrawn after `since`: a file may have to go. */
	readonly mayLoseMedia: boolean;
}

/** What a corpus amounts to. Withdrawn items are in none of these. */
export interface CorpusTally {
	readonly counts: Row<'snapshots'>['counts'];
	/** How often each answer stands in train and valid, by its text. */
	readonly answers: readonly { readonly answer: string; readonly count: number }[];
}

export interface SnapshotsTable {
	/** Newest first. */
	list(project: string): Promise<SnapshotRecord[]>;
	find(commit: string): Promise<SnapshotRecord | undefined>;
	/** Again is harmless. */
	add(snapshot: SnapshotRecord): Promise<void>;
	/**
	 * Holds the corpus still, as of now, for a reader who then asks shard by shard; others go on writing.
	 * Every reading must be ended. Undefined for an unknown project.
	 */
	beginReading(project: string, since: number): Promise<FrozenCorpus | undefined>;
	tally(reading: number): Promise<CorpusTally>;
	/** Items not withdrawn whose finest shard is in one of the ranges, `from` … `to` (not included). */
	readShards(request: {
		reading: number;
		ranges: readonly { from: number; to: number }[];
	}): Promise<FrozenItem[]>;
	/** Items that changed after `since`. */
	readChanged(request: {
		reading: number;
		since: number;
	}): Promise<(FrozenItem & { readonly isWithdrawn: boolean })[]>;
	endReading(reading: number): Promise<void>;
}
