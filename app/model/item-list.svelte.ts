import type { Api } from '#app/net/api.ts';
import { Offline } from '#app/net/api.ts';
import type { Replica } from '#app/replica/database.ts';
import type { ItemPage } from '#shared/api/replies.ts';
import type { ItemRow } from '#shared/replica/rows.ts';
import { matchesItem, writeItemFilter, type ItemFilter } from './item-filter.ts';
import { PagedRows, type Page } from './paged-rows.svelte.ts';

/** The first page comes soon, the others are few: somebody who drags to the end waits for all of them. */
const firstPageRows = 100;
const pageRows = 500;
/** Enough to look something up offline; more would take seconds to read. */
const deviceLimit = 5000;

interface ItemListOptions {
	readonly api: Api;
	readonly replica: Replica;
	readonly project: string;
	readonly filter: ItemFilter;
}

/**
 * The items that a filter means: searched and paged by the server, kept on this device as seen. Without
 * a network it is what this device has, and `isFromDevice` says so.
 */
export class ItemList extends PagedRows<ItemRow> {
	readonly #replica: Replica;
	#isFromDevice = $state(false);

	constructor(options: ItemListOptions) {
		super((after, signal) => this.#page(options, after, signal));
		this.#replica = options.replica;
	}

	/**
	 * Keeps what somebody looked at. A courtesy: where the disk is full, or the page is being left, the list
	 * is there all the same.
	 */
	async keep(from: number, to: number): Promise<void> {
		if (this.#isFromDevice) return;
		await this.#replica.items
			.bulkPut(this.rows.slice(Math.max(0, from), to))
			.catch(() => undefined);
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
		query.set('limit', String(after === undefined ? firstPageRows : pageRows));
		if (after !== undefined) query.set('after', after);
		try {
			const path = `/api/projects/${project}/items?${query}`;
			const { items, next, total } = await api.get<ItemPage>(path, { signal });
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
