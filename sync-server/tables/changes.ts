import type { ChangeLine } from '#shared/replica/rows.ts';

export interface ChangesTable {
	/** Number of the newest change. */
	head(): Promise<number>;
	/**
	 * What a person may know of everything that changed after `since`, in commit order, newest state of
	 * each row once: at most about `limit` rows, with the cursor to go on from. `since` 0 gives everything
	 * they may read. With a project only its rows.
	 */
	read(request: {
		user: string;
		since: number;
		limit: number;
		project?: string;
	}): Promise<{ lines: ChangeLine[]; cursor: number; more: boolean }>;
}
