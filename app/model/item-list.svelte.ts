import type { Api } from '#app/net/api.ts';
import { Offline } from '#app/net/api.ts';
import type { Replica } from '#app/replica/database.ts';
import type { ItemPage } from '#shared/api/replies.ts';
import type { ItemRow } from '#shared/replica/rows.ts';
import { matchesItem, writeItemFilter, type ItemFilter } from './item-filter.ts';
import { PagedRows, type Page } from './paged-rows.svelte.ts';

const pageRows = 250;
/** Enough to look something up offline; more would take seconds to read. */
const deviceLimit = 5000;

interface ItemListOptions {
	readonly api: Api;
	readonly replica: Replica;
	readonly project: string;
	readonly filter: ItemFilter;
}

/**
 * The items that a filter means: searched and paged by the server, kept on this device as visited. Without
 * a network it is what this device has, and `isFromDevice` says so.
 */
export class ItemList extends PagedRows<ItemRow> {
	#isFromDevice = $state(false);

	constructor(options: ItemListOptions) {
		super((after, signal) => this.#page(options, after, signal));
	}

	get isFromDevice(): boolean {
		return this.#isFromDevice;
	}

	async #page(
		{ api, replica, project, filter }: ItemListOptions,
		after: string | undefined,
		signal: AbortSignal,
	): Promise<Page<ItemRow>> {
		const query = writeItemFilter(filter);
		query.set('limit', String(pageRows));
		if (after !== undefined) query.set('after', after);
		try {
			const path = `/api/projects/${project}/items?${query}`;
			const { items, next, total } = await api.get<ItemPage>(path, { signal });
			keepVisited(replica, items);
			return { rows: items, total, ...(next === undefined ? {} : { next }) };
		} catch (error) {
			if (!(error instanceof Offline) || after !== undefined) throw error;
			const rows = await replica.items
				.where('project')
				.equals(project)
				.filter((item) => matchesItem(item, filter))
				.limit(deviceLimit)
				.toArray();
			this.#isFromDevice = true;
			return { rows, total: rows.length };
		}
	}
}

/** Keeping is a courtesy: where the disk is full, or the page is being left, the list is on screen all the same. */
function keepVisited(replica: Replica, items: readonly ItemRow[]): void {
	replica.items.bulkPut(items).catch(() => undefined);
}
