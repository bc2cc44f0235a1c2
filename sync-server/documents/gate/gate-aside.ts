import type { StoredState } from '../../log/compact-document.ts';
import { IdleThread } from '../../threads/idle-thread.ts';
import { within } from '../../threads/within.ts';
import type { AsideVerdict, GateJob, GateMethods } from './gate-thread.ts';

/** For the copy of the document, which is our own and at most 16 MB. */
const copyLimitMs = 30_000;

export interface GateAsideOptions {
	/** What one update may take to be judged and applied (2 s), and as much again for each MB of it. */
	readonly judgeLimitMs?: number;
	/** Updates that wait, at most (64), and their bytes (64 MB). */
	readonly waiting?: number;
	readonly waitingBytes?: number;
	/** What the thread may hold (512 MB). */
	readonly heapMegabytes?: number;
}

/** An update to judge; what it is judged against is read when its turn comes. */
export interface AsideJob extends GateJob {
	readonly readState: () => Promise<StoredState>;
}

interface Waiting {
	readonly job: AsideJob;
	readonly resolve: (verdict: AsideVerdict) => void;
	readonly reject: (error: Error) => void;
}

/** Too much waits to be judged. Who sent it comes again later. */
export class GateBusy extends Error {
	constructor() {
		super('too many large updates wait to be judged');
		this.name = 'GateBusy';
	}
}

/**
 * Judges large updates in a thread of its own, one after the other, so that no bytes a client can send hold
 * up the main thread. A thread that takes too long or too much memory is ended, and what it was judging is
 * refused. People take turns: whoever sends many waits longest.
 */
export class GateAside {
	readonly #judgeLimitMs: number;
	readonly #limit: number;
	readonly #limitBytes: number;
	/** By user; the one whose turn is next comes first. */
	readonly #queues = new Map<string, Waiting[]>();
	#waiting = 0;
	#waitingBytes = 0;
	readonly #thread: IdleThread<GateMethods>;
	#isRunning = false;
	#isClosed = false;

	constructor({
		judgeLimitMs = 2000,
		waiting = 64,
		waitingBytes = 64 * 1024 * 1024,
		heapMegabytes = 512,
	}: GateAsideOptions = {}) {
		this.#judgeLimitMs = judgeLimitMs;
		this.#limit = waiting;
		this.#limitBytes = waitingBytes;
		this.#thread = new IdleThread(new URL('./gate-thread.ts', import.meta.url), { heapMegabytes });
	}

	/** The verdict on an update. Rejects with GateBusy when too many wait. */
	inspect(job: AsideJob): Promise<AsideVerdict> {
		const bytes = job.update.length;
		const isFull =
			this.#waiting >= this.#limit ||
			(this.#waiting > 0 && this.#waitingBytes + bytes > this.#limitBytes);
		if (isFull) return Promise.reject(new GateBusy());
		this.#waiting++;
		this.#waitingBytes += bytes;
		return new Promise((resolve, reject) => {
			const queue = this.#queues.get(job.user);
			if (queue) queue.push({ job, resolve, reject });
			else this.#queues.set(job.user, [{ job, resolve, reject }]);
			if (!this.#isRunning) void this.#run();
		});
	}

	/** Ends the thread; what still waits or is being judged is rejected. */
	async close(): Promise<void> {
		this.#isClosed = true;
		for (const queue of this.#queues.values())
			for (const { reject } of queue) reject(new GateBusy());
		this.#queues.clear();
		this.#waiting = 0;
		this.#waitingBytes = 0;
		await this.#thread.end();
	}

	async #run(): Promise<void> {
		this.#isRunning = true;
		let next: Waiting | undefined;
		while ((next = this.#next())) {
			const { job, resolve, reject } = next;
			try {
				resolve(await this.#judge(job));
			} catch (error) {
				reject(error as Error);
			}
		}
		this.#isRunning = false;
	}

	#next(): Waiting | undefined {
		for (const [user, queue] of this.#queues) {
			this.#queues.delete(user);
			const next = queue.shift()!;
			if (queue.length > 0) this.#queues.set(user, queue);
			this.#waiting--;
			this.#waitingBytes -= next.job.update.length;
			return next;
		}
		return undefined;
	}

	async #judge({ readState, ...job }: AsideJob): Promise<AsideVerdict> {
		const state = await readState();
		if (this.#isClosed) throw new GateBusy();
		const limitMs = this.#judgeLimitMs * (1 + job.update.length / 2 ** 20);
		let hasCopy = false;
		try {
			return await this.#thread.ask(async (thread) => {
				await within(copyLimitMs, thread.call('copy', state));
				hasCopy = true;
				// From here on it is the client's bytes that take the time and the memory.
				return within(limitMs, thread.give('judge', job));
			});
		} catch (cause) {
			if (this.#isClosed) throw new GateBusy();
			if (hasCopy) return { kind: 'refuse', refusal: 'tooSlow' };
			throw new Error('the gate could not copy a document', { cause });
		}
	}
}
