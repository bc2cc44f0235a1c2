import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { LogFile } from './log-file.ts';
import type { LogAnswer, LogCall, LogThreadData } from './log-thread.ts';

type Methods = Omit<LogFile, 'close'>;

/** A failure inside a log thread; `isUnreadable` where the document's bytes are damaged. */
export class LogThreadError extends Error {
	readonly isUnreadable: boolean;

	constructor(message: string, isUnreadable: boolean) {
		super(message);
		this.name = 'LogThreadError';
		this.isUnreadable = isUnreadable;
	}
}

/** Calls into a thread that owns one connection to the log's file. */
export class LogCaller {
	readonly #worker: Worker;
	readonly #waiting = new Map<
		number,
		{ resolve: (result: unknown) => void; reject: (error: Error) => void }
	>();
	#lastId = 0;
	#ended: Error | undefined;

	private constructor(worker: Worker) {
		this.#worker = worker;
		worker.on('message', (answer: LogAnswer) => this.#settle(answer));
		worker.on('error', (error) => this.#end(error as Error));
		worker.on('exit', () => this.#end(new Error('the update log is closed')));
	}

	/** Starts the thread; rejects when it cannot open the file. */
	static async start(data: LogThreadData): Promise<LogCaller> {
		const worker = new Worker(new URL('./log-thread.ts', import.meta.url), { workerData: data });
		await once(worker, 'message');
		return new LogCaller(worker);
	}

	call<M extends keyof Methods>(
		method: M,
		...args: Parameters<Methods[M]>
	): Promise<Awaited<ReturnType<Methods[M]>>> {
		if (this.#ended) return Promise.reject(this.#ended);
		return new Promise((resolve, reject) => {
			const id = ++this.#lastId;
			this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
			this.#worker.postMessage({ id, method, args } satisfies LogCall);
		});
	}

	/** Lets the thread finish what it was asked, then ends it. */
	async close(): Promise<void> {
		if (this.#ended) return;
		const exit = once(this.#worker, 'exit');
		this.#worker.postMessage('close');
		await exit;
	}

	#settle(answer: LogAnswer): void {
		const waiting = this.#waiting.get(answer.id);
		this.#waiting.delete(answer.id);
		if ('failure' in answer)
			waiting?.reject(new LogThreadError(answer.failure, answer.isUnreadable));
		else waiting?.resolve(answer.result);
	}

	#end(error: Error): void {
		this.#ended ??= error;
		for (const waiting of this.#waiting.values()) waiting.reject(this.#ended);
		this.#waiting.clear();
	}
}
