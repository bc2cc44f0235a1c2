import type { ChangeLine } from '#shared/replica/rows.ts';

/** How far a reader has come in the feed. */
export interface FeedPosition {
	/** Number of the newest change they know. */
	readonly seq: number;
	/** While the first read is under way: the last project that was sent whole. */
	readonly after?: string;
}

/** A line that carries a row; cursor and reset are printed by the door. */
export type RowLine = Extract<ChangeLine, { readonly table: string }>;

type FeedPage =
	| {
			readonly kind: 'page';
			readonly lines: readonly RowLine[];
			readonly position: FeedPosition;
			readonly more: boolean;
	  }
	/** The position is older than what is kept: the reader starts anew. */
	| { readonly kind: 'gone' };

/** What belongs to no project and is seen in all, machines that train, is filed under this name. */
export const everyProject = '*';

export interface ChangesTable {
	/** Number of the newest change, 0 before the first. */
	head(): Promise<number>;
	/**
	 * What a person may know of everything that changed after a position, in commit order, the newest state
	 * of each row once: at most about `limit` rows. Without a position everything they may read, a project
	 * at a time. With a project only its rows.
	 */
	read(request: {
		readonly user: string;
		readonly since?: FeedPosition;
		readonly limit: number;
		readonly project?: string;
	}): Promise<FeedPage>;
	/** Whether a row that a person may know of changed in a project (or `everyProject`) after a number. */
	concerns(request: {
		readonly user: string;
		readonly project: string;
		readonly since: number;
	}): Promise<boolean>;
	/** Forgets the oldest changes beyond `keep`; who has not read them starts anew. */
	prune(keep: number): Promise<void>;
}
