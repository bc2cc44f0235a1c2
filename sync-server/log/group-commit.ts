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

/** However long it takes to tell everybody: nobody waits longer for that. */
const longestPauseMs = 5;

/** Commits a batch and returns its sequence numbers in order; rejects when nothing of it is on disk. */
export type Commit = (batch: readonly PendingAppend[]) => Promise<readonly number[]>;

/**
 * One commit in flight; everything that arrives meanwhile goes into the next. An fsync costs the same for
 * one row as for a hundred (540 rows/s alone, 31,600 in hundreds), so the disk sets the pace, and whoever hears
 * of a commit: where what it sets off takes long, since many listen, the next one waits as long, so that more
 * travels together. Where few listen it waits for nothing.
 */
export class GroupCommit {
	readonly #commit: Commit;
	#queue: PendingAppend[] = [];
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
			if (this.#isRunning) return;
			this.#isRunning = true;
			// After the poll phase: what other sockets have ready at this moment shares the first commit.
			setImmediate(() => void this.#run());
		});
	}

	/** Resolves when nothing waits. */
	whenIdle(): Promise<void> {
		return this.#isRunning ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
	}

	async #run(): Promise<void> {
		while (this.#queue.length > 0) {
			const batch = this.#queue;
			this.#queue = [];
			try {
				const seqs = await this.#commit(batch);
				const began = performance.now();
				for (const [index, pending] of batch.entries()) pending.resolve(seqs[index]!);
				await turn(); // everybody has been told by then
				const tookMs = Math.min(Math.floor(performance.now() - began), longestPauseMs);
				if (tookMs > 0) await wait(tookMs);
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
