export interface Page<T> {
	readonly rows: readonly T[];
	/** Where the next page begins; absent on the last. */
	readonly next?: string;
	readonly total: number;
}

interface Loaded<T> {
	readonly after: string | undefined;
	readonly rows: readonly T[];
}

/**
 * A long list of the server, read page by page as somebody looks further. Rows that are not here yet are
 * undefined. One request at a time; another list takes its place by `stop` and a new one.
 */
export class PagedRows<T> {
	readonly #fetchPage: (after: string | undefined, signal: AbortSignal) => Promise<Page<T>>;
	readonly #abort = new AbortController();
	#pages: Loaded<T>[] = [];
	#next: string | undefined;
	#wanted = 0;
	#isBusy = false;
	#rows = $state.raw<readonly T[]>([]);
	#total = $state(0);
	#isLoaded = $state(false);
	#isWhole = $state(false);
	#failure = $state.raw<unknown>();

	constructor(fetchPage: (after: string | undefined, signal: AbortSignal) => Promise<Page<T>>) {
		this.#fetchPage = fetchPage;
	}

	get rows(): readonly T[] {
		return this.#rows;
	}

	/** How many there are in all, also those not read yet. */
	get total(): number {
		return this.#total;
	}

	/** The first page is here. */
	get isLoaded(): boolean {
		return this.#isLoaded;
	}

	/** Every row is here. */
	get isWhole(): boolean {
		return this.#isWhole;
	}

	/** Why the last page did not come; asking again tries again. */
	get failure(): unknown {
		return this.#failure;
	}

	/** Sees to it that the first `count` rows are read. */
	reach(count: number): void {
		this.#wanted = Math.max(this.#wanted, count);
		if (!this.#isBusy) void this.#read();
	}

	/** Reads again the pages that hold rows `from` … `to` (not included), as what they hold has changed. */
	async refresh(from: number, to: number): Promise<void> {
		if (this.#isBusy) return;
		this.#isBusy = true;
		try {
			let start = 0;
			for (const [index, { after, rows }] of this.#pages.entries()) {
				const end = start + rows.length;
				if (start < to && end > from) {
					const page = await this.#fetchPage(after, this.#abort.signal);
					this.#pages[index] = { after, rows: page.rows };
					this.#total = page.total;
					if (index === this.#pages.length - 1) this.#follow(page.next);
				}
				start = end;
			}
			this.#rows = this.#pages.flatMap(({ rows }) => rows);
		} catch (error) {
			if (!this.#abort.signal.aborted) this.#failure = error;
		} finally {
			this.#isBusy = false;
		}
	}

	stop(): void {
		this.#abort.abort();
	}

	async #read(): Promise<void> {
		this.#isBusy = true;
		this.#failure = undefined;
		try {
			while (!this.#isWhole && this.#rows.length < this.#wanted) {
				const after = this.#next;
				const page = await this.#fetchPage(after, this.#abort.signal);
				if (this.#abort.signal.aborted) return;
				this.#pages.push({ after, rows: page.rows });
				this.#total = page.total;
				this.#follow(page.next);
				this.#rows = this.#rows.concat(page.rows);
				this.#isLoaded = true;
			}
		} catch (error) {
			if (!this.#abort.signal.aborted) this.#failure = error;
		} finally {
			this.#isBusy = false;
		}
	}

	#follow(next: string | undefined): void {
		this.#next = next;
		this.#isWhole = next === undefined;
	}
}
