import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import type { AppendedUpdate } from './update-log.ts';

/** Who appends. `hasFailed` is set before anybody is told, so that nothing slips in between (S2). */
export interface Appender {
	readonly document: string;
	hasFailed: boolean;
}

/** One update that waits for its commit. */
export interface PendingAppend {
	readonly appender: Appender;
	readonly update: AppendedUpdate;
	readonly resolve: (seq: number) => void;
	readonly reject: (error: Error) => void;
}

/** Where so many travelled together the next ones are on their way already, and are waited for. */
const crowd = 4;
/** So many times as long as it took to tell everybody of a commit, the next one waits then. */
const restAfterTelling = 3;
/** However long that took: nobody waits longer. */
const longestRestMs = 1;
/** More gain nothing from sharing a commit, and all of them are told in one turn (S13). */
const rowsAtOnce = 1000;
/** Who prepares for longer goes into the commit after: others want the thread too. */
const longestPreparationMs = 10;

/** Commits a batch and returns its sequence numbers in order; rejects when nothing of it is on disk. */
export type Commit = (batch: readonly PendingAppend[]) => Promise<readonly number[]>;

/**
 * One commit in flight; everything that arrives meanwhile goes into the next. An fsync costs the same for
 * one row as for a hundred (540 rows/s alone, 31,600 in hundreds), so the disk sets the pace, and whoever hears
 * of a commit: where many write and many listen, the next one waits a little, so that more travels together.
 * Where few write or few listen it waits for nothing: a rest would only make them later.
 */
export class GroupCommit {
	readonly #commit: Commit;
	#queue: PendingAppend[] = [];
	#preparing: (() => void)[] = [];
	#isRunning = false;
	#idle: (() => void)[] = [];

	constructor(commit: Commit) {
		this.#commit = commit;
	}

	append(appender: Appender, update: AppendedUpdate): Promise<number> {
		if (appender.hasFailed)
			return Promise.reject(new Error(`${appender.document}: an earlier update was not written`));
		return new Promise((resolve, reject) => {
			this.#queue.push({ appender, update, resolve, reject });
			this.#start();
		});
	}

	/**
	 * Calls back when the next commit is about to begin, so that what it appends is in it. Work that nobody
	 * can see before that is cheapest done together then. It must not throw: that ends the process.
	 */
	beforeNext(prepare: () => void): void {
		this.#preparing.push(prepare);
		this.#start();
	}

	/** Resolves when nothing waits. */
	whenIdle(): Promise<void> {
		return this.#isRunning ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
	}

	#start(): void {
		if (this.#isRunning) return;
		this.#isRunning = true;
		// After the poll phase: what other sockets have ready at this moment shares the first commit.
		setImmediate(() => void this.#run());
	}

	#prepare(): void {
		const until = performance.now() + longestPreparationMs;
		while (this.#preparing.length > 0 && performance.now() < until)
			try {
				this.#preparing.shift()!();
			} catch (error) {
				// Commits go on as long as the process does.
				setImmediate(() => {
					throw error;
				});
			}
	}

	async #run(): Promise<void> {
		while (this.#queue.length > 0 || this.#preparing.length > 0) {
			this.#prepare();
			const batch = this.#queue.splice(0, rowsAtOnce);
			if (batch.length === 0) {
				await turn();
				continue;
			}
			try {
				const seqs = await this.#commit(batch);
				const began = performance.now();
				for (const [index, pending] of batch.entries()) pending.resolve(seqs[index]!);
				await turn(); // everybody has been told by then
				const toldMs = performance.now() - began;
				const restMs = Math.min(Math.floor(restAfterTelling * toldMs), longestRestMs);
				if (batch.length >= crowd && restMs > 0) await wait(restMs);
			} catch (error) {
				this.#fail(batch, error as Error);
			}
		}
		this.#isRunning = false;
		for (const resolve of this.#idle.splice(0)) resolve();
	}

	#fail(batch: readonly PendingAppend[], error: Error): void {
		for (const { appender } of batch) appender.hasFailed = true;
		const behind = this.#queue.filter(({ appender }) => appender.hasFailed);
		this.#queue = this.#queue.filter(({ appender }) => !appender.hasFailed);
		for (const pending of [...batch, ...behind]) pending.reject(error);
	}
}
