import { Worker } from 'node:worker_threads';
import type { AsideVerdict, GateAnswer, GateJob } from './gate-thread.ts';

const idleMs = 30_000;
/** For the copy of the document, which is our own and at most 16 MB. */
const copyLimitMs = 30_000;
const memoryLimitMegabytes = 512;

export interface GateAsideOptions {
	/** What one update may take to be judged and applied (2 s), and as much again for each MB of it. */
	readonly judgeLimitMs?: number;
	/** Updates that wait, at most (64), and their bytes (64 MB). */
	readonly waiting?: number;
	readonly waitingBytes?: number;
}

/** An update to judge; what it is judged against is read when its turn comes. */
export interface AsideJob extends Omit<GateJob, 'state'> {
	readonly readState: () => Promise<GateJob['state']>;
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
	#worker: Worker | undefined;
	#isRunning = false;
	#idle: NodeJS.Timeout | undefined;

	constructor({
		judgeLimitMs = 2000,
		waiting = 64,
		waitingBytes = 64 * 1024 * 1024,
	}: GateAsideOptions = {}) {
		this.#judgeLimitMs = judgeLimitMs;
		this.#limit = waiting;
		this.#limitBytes = waitingBytes;
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

	/** Ends the thread; what still waits is rejected. */
	async close(): Promise<void> {
		for (const queue of this.#queues.values())
			for (const { reject } of queue) reject(new GateBusy());
		this.#queues.clear();
		this.#waiting = 0;
		this.#waitingBytes = 0;
		await this.#end();
	}

	async #run(): Promise<void> {
		this.#isRunning = true;
		clearTimeout(this.#idle);
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
		this.#idle = setTimeout(() => void this.#end(), idleMs).unref();
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

	async #judge({ readState, ...asked }: AsideJob): Promise<AsideVerdict> {
		const job: GateJob = { ...asked, state: await readState() };
		this.#worker ??= startThread();
		const worker = this.#worker;
		const { promise, resolve, reject } = Promise.withResolvers<AsideVerdict>();
		const limitMs = this.#judgeLimitMs * (1 + job.update.length / 2 ** 20);
		let hasBegun = false;
		const tooMuch = (cause: unknown): void =>
			hasBegun
				? resolve({ kind: 'refuse', refusal: 'tooSlow' })
				: reject(new Error('the gate could not copy a document', { cause }));
		let timer = setTimeout(tooMuch, copyLimitMs, 'it took too long');
		const hear = (said: GateAnswer): void => {
			if (said !== 'begun') return resolve(said);
			hasBegun = true;
			clearTimeout(timer);
			timer = setTimeout(tooMuch, limitMs);
		};
		let isAlive = true;
		const died = (cause: unknown): void => {
			isAlive = false;
			tooMuch(cause);
		};
		worker.on('message', hear).on('error', died).on('exit', died);
		let isAnswered = false;
		try {
			worker.postMessage(job, [job.update.buffer as ArrayBuffer]);
			const verdict = await promise;
			isAnswered = isAlive && !(verdict.kind === 'refuse' && verdict.refusal === 'tooSlow');
			return verdict;
		} finally {
			clearTimeout(timer);
			worker.off('message', hear).off('error', died).off('exit', died);
			if (!isAnswered) await this.#end();
		}
	}

	async #end(): Promise<void> {
		clearTimeout(this.#idle);
		const worker = this.#worker;
		this.#worker = undefined;
		await worker?.terminate();
	}
}

function startThread(): Worker {
	const worker = new Worker(new URL('./gate-thread.ts', import.meta.url), {
		resourceLimits: { maxOldGenerationSizeMb: memoryLimitMegabytes },
	});
	// A thread that dies while nobody asks it anything harms nobody; whoever asks next hears of it.
	worker.on('error', () => undefined);
	worker.unref();
	return worker;
}
