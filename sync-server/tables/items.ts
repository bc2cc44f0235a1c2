import type { ItemDetail, ItemPage } from '#shared/api/replies.ts';
import type { Split } from '#shared/numbers/split.ts';
import type { ItemRow, ItemState } from '#shared/replica/rows.ts';

/** Which items are meant; what is left out does not narrow. */
export interface ItemFilter {
	/** Part of a text in the item's data, in any case. */
	readonly q?: string | undefined;
	readonly state?: ItemState | undefined;
	readonly split?: Split | undefined;
	/** The current answer has this option of this tool. */
	readonly option?: { readonly tool: string; readonly option: string } | undefined;
	readonly batch?: string | undefined;
	readonly source?: 'human' | 'import' | 'skim' | undefined;
	readonly import?: string | undefined;
}

export interface ItemsTable {
	/** One page in order of arrival, after the item with that number, and how many match in all. */
	page(request: {
		project: string;
		filter: ItemFilter;
		after: number;
		limit: number;
	}): Promise<ItemPage>;
	/** The item with everything that was ever said about it. */
	detail(project: string, item: string): Promise<ItemDetail | undefined>;
	/** Items with a current answer in order of arrival, after the item with that number; no more when it is empty. */
	answered(request: { project: string; after: number; limit: number }): Promise<{
		items: readonly ItemRow[];
		last: number;
	}>;
	/** How many items have no current answer, and how many were withdrawn. */
	unanswered(project: string): Promise<{ open: number; withdrawn: number }>;
	/**
	 * Computes where the items after that number stand, at most `limit` of them, and answers the last one's number;
	 * undefined when none was left.
	 */
	standAgain(request: {
		project: string;
		after: number;
		limit: number;
	}): Promise<number | undefined>;
	/** Takes an item out of pool, packets and later snapshots, or brings it back. Throws `not_found`. */
	withdraw(change: { project: string; item: string; isWithdrawn: boolean }): Promise<void>;
}
