import { Offline, type Api } from '#app/net/api.ts';
import type { Replica } from '#app/replica/database.ts';
import type { ReviewEntry } from '#shared/api/replies.ts';

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
export class ReviewQueue {
	readonly #deps: Deps;
	readonly #abort = new AbortController();
	#wanted = pageEntries;
	#isBusy = false;
	#isStale = false;
	#entries = $state.raw<readonly ReviewEntry[]>([]);
	#total = $state(0);
	#isLoaded = $state(false);
	#isWhole = $state(false);
	#isFromDevice = $state(false);
	#failure = $state.raw<unknown>();

	constructor(deps: Deps) {
		this.#deps = deps;
	}

	get entries(): readonly ReviewEntry[] {
		return this.#entries;
	}

	get total(): number {
		return this.#total;
	}

	get isLoaded(): boolean {
		return this.#isLoaded;
	}

	get isWhole(): boolean {
		return this.#isWhole;
	}

	/** There is no network: this is what was seen last. */
	get isFromDevice(): boolean {
		return this.#isFromDevice;
	}

	get failure(): unknown {
		return this.#failure;
	}

	/** Reads the list again. */
	reload(): void {
		this.#isStale = true;
		if (!this.#isBusy) void this.#read();
	}

	/** Reads twice as far. */
	more(): void {
		if (this.#isWhole || this.#isBusy) return;
		this.#wanted *= 2; // the list is read from its top: doubling keeps that cheap
		this.reload();
	}

	stop(): void {
		this.#abort.abort();
	}

	async #read(): Promise<void> {
		this.#isBusy = true;
		try {
			while (this.#isStale) {
				this.#isStale = false;
				await this.#readOnce();
			}
			this.#failure = undefined;
		} catch (error) {
			if (this.#abort.signal.aborted) return;
			if (error instanceof Offline) await this.#recall();
			else this.#failure = error;
		} finally {
			this.#isBusy = false;
		}
	}

	async #readOnce(): Promise<void> {
		const entries: ReviewEntry[] = [];
		let after: string | undefined;
		do {
			const page = await fetchReviewPage(this.#deps, after, this.#abort.signal);
			entries.push(...page.entries);
			after = page.next;
			this.#total = page.total;
		} while (after !== undefined && entries.length < this.#wanted);
		this.#entries = entries;
		this.#isWhole = after === undefined;
		this.#isLoaded = true;
		this.#isFromDevice = false;
		await this.#deps.replica.settings.put({
			key: this.#key,
			value: { entries: entries.slice(0, pageEntries), total: this.#total },
		});
	}

	/** What lies here is better than nothing, and says so. */
	async #recall(): Promise<void> {
		this.#isFromDevice = true;
		if (this.#isLoaded) return;
		const row = await this.#deps.replica.settings.get(this.#key);
		const { entries, total } = (row?.value ?? { entries: [], total: 0 }) as ReviewPage;
		this.#entries = entries;
		this.#total = total;
		this.#isWhole = true;
		this.#isLoaded = true;
	}

	get #key(): string {
		const { project, filter } = this.#deps;
		return `review ${project} ${filter.state} ${filter.batch ?? ''}`;
	}
}
