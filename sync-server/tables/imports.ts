import type { ImportReport } from '#shared/api/replies.ts';
import type { Media } from '#shared/schema/item.ts';
import type { Split } from '#shared/numbers/split.ts';

/** A line of an import, checked and spelled as the tables keep it. */
export interface PreparedLine {
	readonly line: number;
	readonly id: string;
	/** Canonical JSON. */
	readonly data: string;
	readonly words: string;
	readonly meta: string | null;
	readonly group: string | null;
	readonly split: Split;
	readonly shard: number;
	readonly media: readonly Media[];
	/** Canonical answer; null where the item is not labeled. */
	readonly answer: string | null;
}

export interface LineRefusal {
	readonly line: number;
	readonly code: string;
	readonly reason: string;
}

export interface ImportsTable {
	start(begun: {
		id: string;
		project: string;
		by: string;
		at: string;
		format: string;
	}): Promise<void>;
	/**
	 * Takes in a piece of an import: new items and answers, with what was refused so far. A line that is
	 * known already changes nothing. Answers the counts of the import until now, and which of these rows were
	 * refused by what is in the tables.
	 */
	append(piece: {
		id: string;
		project: string;
		by: string;
		at: string;
		schemaVersion: number;
		/** An imported answer replaces a person's. */
		replaces: boolean;
		/** Lines seen in this piece, also empty and refused ones. */
		lines: number;
		rows: readonly PreparedLine[];
		refusals: readonly LineRefusal[];
		/** Refusals of which only the number was kept. */
		refusedMore: number;
	}): Promise<{ readonly report: ImportReport; readonly refused: readonly LineRefusal[] }>;
	end(id: string, state: 'done' | 'failed'): Promise<ImportReport>;
	find(
		project: string,
		id: string,
	): Promise<
		| { readonly state: 'running' | 'done' | 'failed' | 'undone'; readonly report: ImportReport }
		| undefined
	>;
	/**
	 * Undoes a part of an import: answers first, then items that nobody else answered and that stand in no
	 * open batch. To be called until nothing is left; calling again later is harmless. Throws `not_found`
	 * and, for one that is running, `conflict`.
	 */
	undo(request: { project: string; id: string; limit: number }): Promise<{ isDone: boolean }>;
	/**
	 * What says running and is not has failed: at the start of the server, and where the disk did not take an
	 * import's end.
	 */
	failAbandoned(): Promise<void>;
}
