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
 * undefined. One request at a time: what is asked for meanwhile waits its turn. Another list takes its place by
 * `stop` and a new one.
 */
export class PagedRows<T> {
	readonly #fetchPage: (after: string | undefined, signal: AbortSignal) => Promise<Page<T>>;
	readonly #abort = new AbortController();
	#lastTurn: Promise<void> = Promise.resolve();
	#pages: Loaded<T>[] = [];
	#next: string | undefined;
	#wanted = 0;
	#isReaching = false;
	/** It waits to be read again from its top. */
	#isStale = false;
	/** These rows wait to be read again. */
	#stale: readonly [from: number, to: number] | undefined;
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

	/** All that is here, as one page. */
	protected get here(): Page<T> {
		const next = this.#next;
		return { rows: this.#rows, total: this.#total, ...(next === undefined ? {} : { next }) };
	}

	/** Sees to it that the first `count` rows are read. */
	reach(count: number): void {
		this.#wanted = Math.max(this.#wanted, count);
		if (this.#isReaching) return;
		this.#isReaching = true;
		void this.#inTurn(() => this.#readFurther());
	}

	/** Reads again the pages that hold rows `from` … `to` (not included), as what they hold has changed. */
	refresh(from: number, to: number): Promise<void> {
		this.#stale = [from, to];
		return this.#inTurn(() => this.#readStale());
	}

	/** Reads again from the top, as far as it was read, as rows have come or gone; or its first page. */
	reload(): void {
		if (this.#isStale) return;
		this.#isStale = true;
		void this.#inTurn(() => this.#readAgain());
	}

	stop(): void {
		this.#abort.abort();
	}

	/** Runs after everything before it; a failure is kept and shown, never thrown. */
	#inTurn(read: () => Promise<void>): Promise<void> {
		this.#lastTurn = this.#lastTurn.then(read).catch((error: unknown) => {
			if (!this.#abort.signal.aborted) this.#failure = error;
		});
		return this.#lastTurn;
	}

	async #readFurther(): Promise<void> {
		this.#failure = undefined;
		try {
			while (!this.#isWhole && this.#rows.length < this.#wanted) {
				const after = this.#next;
				const page = await this.#fetchPage(after, this.#abort.signal);
				if (this.#abort.signal.aborted) return;
				this.#take([...this.#pages, { after, rows: page.rows }], page);
			}
		} finally {
			this.#isReaching = false;
		}
	}

	async #readAgain(): Promise<void> {
		this.#isStale = false;
		const pages: Loaded<T>[] = [];
		let read = 0;
		let page: Page<T> | undefined;
		do {
			const after: string | undefined = page?.next;
			page = await this.#fetchPage(after, this.#abort.signal);
			if (this.#abort.signal.aborted) return;
			pages.push({ after, rows: page.rows });
			read += page.rows.length;
		} while (page.next !== undefined && read < this.#rows.length);
		this.#take(pages, page);
		this.#failure = undefined;
	}

	async #readStale(): Promise<void> {
		if (!this.#stale) return; // the turn before did it
		const [from, to] = this.#stale;
		this.#stale = undefined;
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
	}

	#take(pages: Loaded<T>[], last: Page<T>): void {
		this.#pages = pages;
		this.#total = last.total;
		this.#follow(last.next);
		this.#rows = pages.flatMap(({ rows }) => rows);
		this.#isLoaded = true;
	}

	#follow(next: string | undefined): void {
		this.#next = next;
		this.#isWhole = next === undefined;
	}
}
