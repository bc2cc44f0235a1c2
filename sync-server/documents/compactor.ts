import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { UpdateLog } from '../log/update-log.ts';
import type { Counters } from './counters.ts';
import { isProjected } from './document/entries.ts';
import type { OpenDocument } from './document/open-document.ts';
import type { Projector } from './projector.ts';

const leastRows = 200;
const leastBytes = 64 * 1024;
/** So many times as long as a compaction took, nothing is compacted: it takes a tenth of a processor at most. */
const restTimes = 9;

/**
 * Compacts one document at a time, when its log has grown by 200 rows or beyond its snapshot. Never past
 * what the tables know: they are caught up from rows, and need the time each was received.
 */
export class Compactor {
	readonly #options: {
		readonly log: UpdateLog;
		readonly projector: Projector;
		readonly logger: Logger;
		readonly counters: Counters;
		readonly leastRows?: number;
	};
	readonly #waiting = new Set<OpenDocument>();
	/** After a failure, so many rows until the next try. */
	readonly #failedAt = new WeakMap<OpenDocument, number>();
	readonly #stop = new AbortController();
	#running: Promise<void> | undefined;

	constructor(options: {
		log: UpdateLog;
		projector: Projector;
		logger: Logger;
		counters: Counters;
		leastRows?: number;
	}) {
		this.#options = options;
	}

	/** Called after each commit. */
	consider(document: OpenDocument): void {
		const rows = document.rows - (this.#failedAt.get(document) ?? 0);
		const isLong = rows > (this.#options.leastRows ?? leastRows);
		const isBig = rows > 1 && document.bytes > Math.max(leastBytes, document.snapshotBytes);
		if (!isLong && !isBig) return;
		this.#waiting.add(document);
		this.#running ??= this.#run().finally(() => (this.#running = undefined));
	}

	/** Resolves when what was begun is over; begins nothing more. */
	async close(): Promise<void> {
		this.#waiting.clear();
		this.#stop.abort();
		await this.#running;
	}

	async #run(): Promise<void> {
		for (const document of this.#waiting) {
			this.#waiting.delete(document);
			const began = performance.now();
			await this.#compact(document);
			await this.#rest(restTimes * (performance.now() - began));
		}
	}

	async #rest(ms: number): Promise<void> {
		const { signal } = this.#stop;
		await wait(ms, undefined, { signal, ref: false }).catch(() => undefined); // stopped: rests no longer
	}

	async #compact(document: OpenDocument): Promise<void> {
		const { log, projector, logger, counters } = this.#options;
		try {
			const upTo = isProjected(document.name.part)
				? await projector.settle(document.path)
				: document.head;
			document.compacted(await log.compact(document.path, upTo));
			counters.compactions++;
			this.#failedAt.delete(document);
		} catch (error) {
			this.#failedAt.set(document, document.rows);
			logger.error({ document: document.path, err: error }, 'compaction failed');
		}
	}
}
