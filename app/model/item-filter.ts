import type { ItemRow, ItemState } from '#shared/replica/rows.ts';
import { splits, type Split } from '#shared/numbers/split.ts';
import { itemStates } from './item-words.ts';

/** Which items a list shows, as it stands in the address of the page. Absent: all. */
export interface ItemFilter {
	readonly q?: string;
	readonly state?: ItemState;
	readonly split?: Split;
	/** `tool:option` */
	readonly option?: string;
}

/** Reads the filter from the address; what is unknown there is passed over. */
export function readItemFilter(query: Pick<URLSearchParams, 'get'>): ItemFilter {
	const q = query.get('q')?.trim();
	const state = query.get('state');
	const split = query.get('split');
	const option = query.get('option');
	return {
		...(q ? { q } : {}),
		...(state && Object.hasOwn(itemStates, state) ? { state: state as ItemState } : {}),
		...(split && (splits as readonly string[]).includes(split) ? { split: split as Split } : {}),
		...(option?.includes(':') ? { option } : {}),
	};
}

/** Writes the filter for the address of the page and of the server alike, in one order. */
export function writeItemFilter(filter: ItemFilter): URLSearchParams {
	const query = new URLSearchParams();
	for (const name of ['q', 'state', 'split', 'option'] as const)
		if (filter[name]) query.set(name, filter[name]);
	return query;
}

/** True where nothing is narrowed. */
export function isUnfiltered(filter: ItemFilter): boolean {
	return writeItemFilter(filter).size === 0;
}

/** Whether an item on this device belongs to the list: the same rules as on the server. */
export function matchesItem(item: ItemRow, filter: ItemFilter): boolean {
	if (filter.state && item.state !== filter.state) return false;
	if (filter.split && item.split !== filter.split) return false;
	if (filter.option && !hasOption(item, filter.option)) return false;
	return !filter.q || wordsOf(item.data).includes(filter.q.toLowerCase());
}

function hasOption(item: ItemRow, wanted: string): boolean {
	const colon = wanted.indexOf(':');
	const value = item.answer?.values[wanted.slice(0, colon)];
	const option = wanted.slice(colon + 1);
	return Array.isArray(value) ? value.includes(option) : value === option;
}

function wordsOf(value: unknown): string {
	if (typeof value === 'string') return value.toLowerCase();
	if (typeof value !== 'object' || value === null) return '';
	return Object.values(value).map(wordsOf).join(' ');
}
