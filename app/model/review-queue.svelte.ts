import { Offline, type Api } from '#app/net/api.ts';
import type { Replica } from '#app/replica/database.ts';
import type { ReviewEntry } from '#shared/api/replies.ts';
import { PagedRows, type Page } from './paged-rows.svelte.ts';

export type ReviewState = 'waiting' | 'returned' | 'settle';

/** Which entries are asked for. */
export interface ReviewFilter {
	readonly state: ReviewState;
	readonly batch?: string;
}

interface ReviewPage {
	readonly entries: readonly ReviewEntry[];
	readonly next?: string;
	readonly total: number;
}

interface Deps {
	readonly api: Api;
	readonly replica: Replica;
	readonly project: string;
	readonly filter: ReviewFilter;
}

/** Entries in one answer of the server. */
const pageEntries = 200;

/** One page of what waits for a reviewer. Throws what the API throws. */
function fetchReviewPage(
	{ api, project, filter }: Omit<Deps, 'replica'>,
	after: string | undefined,
	signal?: AbortSignal,
): Promise<ReviewPage> {
	const query = new URLSearchParams({ state: filter.state, limit: String(pageEntries) });
	if (filter.batch) query.set('batch', filter.batch);
	if (after !== undefined) query.set('after', after);
	return api.get(`/api/projects/${project}/review?${query}`, signal ? { signal } : {});
}

/** Everything that waits, page by page. Throws what the API throws. */
export async function fetchReview(deps: Omit<Deps, 'replica'>): Promise<ReviewEntry[]> {
	const entries: ReviewEntry[] = [];
	for (let after: string | undefined, isFirst = true; isFirst || after !== undefined;) {
		const page = await fetchReviewPage(deps, after);
		entries.push(...page.entries);
		after = page.next;
		isFirst = false;
	}
	return entries;
}

/**
 * What waits for a reviewer, as the server lists it. The list shrinks while it is read, so it is read again
 * from its top, as far as somebody looked. What was seen last stays on the device.
 */
export class ReviewQueue extends PagedRows<ReviewEntry> {
	readonly #deps: Deps;
	#isFromDevice = $state(false);

	constructor(deps: Deps) {
		super((after, signal) => this.#page(after, signal));
		this.#deps = deps;
	}

	/** There is no network: this is what was seen last. */
	get isFromDevice(): boolean {
		return this.#isFromDevice;
	}

	/** Reads a page further. */
	more(): void {
		if (!this.isWhole) this.reach(this.rows.length + 1);
	}

	async #page(after: string | undefined, signal: AbortSignal): Promise<Page<ReviewEntry>> {
		try {
			const { entries, ...page } = await fetchReviewPage(this.#deps, after, signal);
			this.#isFromDevice = false;
			if (after === undefined) void this.#keep({ entries, total: page.total });
			return { ...page, rows: entries };
		} catch (error) {
			if (!(error instanceof Offline)) throw error;
			this.#isFromDevice = true;
			if (after !== undefined) throw error;
			// What lies here is better than nothing, and says so.
			return this.isLoaded ? this.here : await this.#kept();
		}
	}

	/** A courtesy: where the disk is full, or the page is being left, the list is there all the same. */
	async #keep(value: Omit<ReviewPage, 'next'>): Promise<void> {
		await this.#deps.replica.settings.put({ key: this.#key, value }).catch(() => undefined);
	}

	async #kept(): Promise<Page<ReviewEntry>> {
		const row = await this.#deps.replica.settings.get(this.#key);
		const { entries, total } = (row?.value ?? { entries: [], total: 0 }) as ReviewPage;
		return { rows: entries, total };
	}

	get #key(): string {
		const { project, filter } = this.#deps;
		return `review ${project} ${filter.state} ${filter.batch ?? ''}`;
	}
}
