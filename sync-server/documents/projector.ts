import type { Logger } from 'pino';
import { parseDocumentName } from '#shared/wire/document-name.ts';
import type { UpdateLog } from '../log/update-log.ts';
import { entriesAfter, isProjected } from './document/entries.ts';
import type { Entry, Projection } from './projection.ts';

/** What one commit made durable in one document. */
export interface Committed {
	readonly from: number;
	readonly upTo: number;
	readonly entries: readonly Entry[];
}

interface Feed {
	/** Everything up to here is projected, or had nothing to project; undefined until the tables were asked. */
	seen: number | undefined;
	/** What the tables say. */
	watermark: number;
	/** Commits that wait; empty and behind: read the log instead. */
	queue: Committed[];
	isBehind: boolean;
	wantsWatermark: boolean;
	running: Promise<void> | undefined;
	retryMs: number;
}

const queueLimit = 1_000;
const firstRetryMs = 100;
const lastRetryMs = 30_000;

/**
 * Hands durable entries to the tables: after the acknowledgement, in order per document, again and again
 * until it worked. What it missed it reads from the log, never from a document in memory.
 */
export class Projector {
	readonly #log: UpdateLog;
	readonly #projection: Projection;
	readonly #logger: Logger;
	readonly #feeds = new Map<string, Feed>();
	readonly #stop = new AbortController();

	constructor(options: { log: UpdateLog; projection: Projection; logger: Logger }) {
		this.#log = options.log;
		this.#projection = options.projection;
		this.#logger = options.logger;
	}

	/** Takes what a commit made durable. */
	committed(path: string, change: Committed): void {
		const feed = this.#feed(path);
		feed.queue.push(change);
		if (feed.queue.length > queueLimit) {
			feed.queue = [];
			feed.isBehind = true;
		}
		this.#start(path, feed);
	}

	/** A commit failed: what was refused may be on the disk nevertheless, and nobody will tell of it. */
	readAgain(path: string): void {
		const feed = this.#feed(path);
		feed.isBehind = true;
		// What is about to rest has looked already; what failed tries once more than it would.
		void Promise.resolve(feed.running).then(() => this.#start(path, feed));
	}

	/**
	 * Projects every document whose log is ahead of the tables; resolves when the first try of each is over,
	 * with how many documents there are whose tables are ahead of the log: it was put back to an older state.
	 */
	async catchUp(): Promise<{ readonly shortened: number }> {
		const documents = await this.#log.documents();
		const shortened = await this.#rewind(new Map(documents.map(({ name, head }) => [name, head])));
		for (const { name: path, head } of documents) {
			const name = parseDocumentName(path);
			if (!name || !isProjected(name.part)) continue;
			if ((await this.#projection.watermark(path)) >= head) continue;
			const feed = this.#feed(path);
			feed.isBehind = true;
			this.#start(path, feed);
			await feed.running;
			this.#forget(path);
		}
		return { shortened };
	}

	/** Or what is written from here on under numbers that were projected once would be taken for that. */
	async #rewind(heads: ReadonlyMap<string, number>): Promise<number> {
		let shortened = 0;
		for (const { document, seq } of await this.#projection.allWatermarks()) {
			const head = heads.get(document) ?? 0;
			if (seq <= head) continue;
			await this.#projection.rewind(document, head);
			shortened++;
		}
		return shortened;
	}

	/** Writes the watermark of what was seen; resolves with it. Rejects while the tables do not take it. */
	async settle(path: string): Promise<number> {
		const feed = this.#feed(path);
		feed.wantsWatermark = true;
		this.#start(path, feed);
		await feed.running;
		if (feed.wantsWatermark) throw new Error(`${path} is not projected yet`);
		return feed.watermark;
	}

	/** Writes the watermark of a document that nobody has open any more, and forgets it. */
	async release(path: string): Promise<void> {
		if (!this.#feeds.has(path)) return;
		try {
			await this.settle(path);
		} catch {
			return; // told of and tried again where it failed
		}
		this.#forget(path);
	}

	#forget(path: string): void {
		const feed = this.#feeds.get(path);
		if (feed && !feed.running && feed.queue.length === 0 && !feed.isBehind)
			this.#feeds.delete(path);
	}

	/** Tries once more to write every watermark, then stops. What is missing is caught up at the next start. */
	async close(): Promise<void> {
		await Promise.allSettled([...this.#feeds.keys()].map((path) => this.settle(path)));
		this.#stop.abort();
		for (const feed of this.#feeds.values()) await feed.running;
	}

	#feed(path: string): Feed {
		const known = this.#feeds.get(path);
		if (known) return known;
		const feed: Feed = {
			seen: undefined,
			watermark: 0,
			queue: [],
			isBehind: false,
			wantsWatermark: false,
			running: undefined,
			retryMs: firstRetryMs,
		};
		this.#feeds.set(path, feed);
		return feed;
	}

	#start(path: string, feed: Feed): void {
		if (this.#stop.signal.aborted) return;
		feed.running ??= this.#run(path, feed).finally(() => {
			feed.running = undefined;
			// What came between the last look and here was not seen. After a failure the queue is empty.
			if (feed.queue.length > 0) this.#start(path, feed);
		});
	}

	async #run(path: string, feed: Feed): Promise<void> {
		try {
			while (feed.queue.length > 0 || feed.isBehind || feed.wantsWatermark)
				await this.#step(path, feed);
		} catch (error) {
			this.#logger.error({ document: path, err: error }, 'projection failed and is tried again');
			feed.queue = [];
			feed.isBehind = true;
			this.#retry(path, feed);
		}
	}

	/** Forgets the documents of a project that is gone, whatever waits. */
	drop(prefix: string): void {
		for (const path of this.#feeds.keys()) if (path.startsWith(prefix)) this.#feeds.delete(path);
	}

	#retry(path: string, feed: Feed): void {
		const again = (): void => {
			if (this.#feeds.get(path) === feed) this.#start(path, feed);
		};
		setTimeout(again, feed.retryMs).unref();
		feed.retryMs = Math.min(feed.retryMs * 2, lastRetryMs);
	}

	async #step(path: string, feed: Feed): Promise<void> {
		feed.seen ??= feed.watermark = await this.#projection.watermark(path);
		const next = await this.#next(path, feed, feed.seen);
		if (next.entries.length > 0 || (feed.wantsWatermark && next.upTo > feed.watermark)) {
			const document = parseDocumentName(path)!;
			await this.#projection.project({ name: path, document, ...next });
			feed.watermark = next.upTo;
		}
		feed.seen = next.upTo;
		feed.retryMs = firstRetryMs;
		if (feed.queue.length === 0 && !feed.isBehind) feed.wantsWatermark = false;
	}

	async #next(
		path: string,
		feed: Feed,
		seen: number,
	): Promise<{ upTo: number; entries: readonly Entry[] }> {
		const changes = feed.queue.filter(({ upTo }) => upTo > seen);
		feed.queue = [];
		const first = changes[0];
		if (!feed.isBehind && (!first || first.from <= seen + 1))
			return {
				upTo: changes.at(-1)?.upTo ?? seen,
				entries: changes.flatMap(({ entries }) => entries),
			};
		feed.isBehind = false;
		const { stored } = await this.#log.open(path);
		const { part } = parseDocumentName(path)!;
		return { upTo: stored.head, entries: entriesAfter(path, part, stored, seen) };
	}
}
