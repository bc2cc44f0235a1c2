import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { buffersOf } from './buffers-of.ts';
import type { ThreadAnswer, ThreadCall, ThreadFailure } from './serve-calls.ts';

/** The methods of a thread, as its caller sees them. */
export type Callable<T> = {
	readonly [M in keyof T]: T[M] extends (...args: infer A) => infer R
		? (...args: A) => Promise<Awaited<R>>
		: never;
};

/** A method threw inside its thread, which lives on. */
export class ThreadError extends Error {
	readonly code: string | undefined;

	constructor({ message, code }: ThreadFailure) {
		super(message);
		this.name = 'ThreadError';
		this.code = code;
	}
}

export interface ThreadOptions {
	readonly workerData?: unknown;
	/** What it may hold before it is ended: those who ask it something are told, nobody else notices. */
	readonly heapMegabytes?: number | undefined;
	/** Of its young objects. */
	readonly youngMegabytes?: number | undefined;
	/** It died, which nobody asked for. Who waits for an answer is told besides. */
	readonly onLost?: ((error: Error) => void) | undefined;
	/** What a failure in the thread is thrown as (ThreadError). */
	readonly errorOf?: (failure: ThreadFailure) => Error;
}

/** Calls into a worker thread that serves the methods of T. */
export class ThreadCaller<T> {
	readonly #worker: Worker;
	readonly #errorOf: (failure: ThreadFailure) => Error;
	readonly #waiting = new Map<
		number,
		{ resolve: (result: unknown) => void; reject: (error: Error) => void }
	>();
	#lastId = 0;
	/** What was asked for in this turn of the event loop. */
	#outgoing: ThreadCall[] = [];
	#ended: Error | undefined;
	#isClosing = false;

	private constructor(worker: Worker, { onLost, errorOf }: ThreadOptions) {
		this.#worker = worker;
		this.#errorOf = errorOf ?? ((failure) => new ThreadError(failure));
		worker.on('message', (answer: ThreadAnswer) => this.#settle(answer));
		const lost = (error: Error): void => {
			const isNews = !this.#ended && !this.#isClosing;
			this.#end(error);
			if (isNews) onLost?.(error);
		};
		worker.on('error', (error) => lost(error as Error));
		worker.on('exit', () => lost(new Error('the thread has ended')));
	}

	/** Starts the thread; rejects when it cannot. */
	static async start<T>(program: URL, options: ThreadOptions = {}): Promise<ThreadCaller<T>> {
		const { workerData, heapMegabytes, youngMegabytes } = options;
		const worker = new Worker(program, {
			workerData,
			resourceLimits: {
				...(heapMegabytes !== undefined && { maxOldGenerationSizeMb: heapMegabytes }),
				...(youngMegabytes !== undefined && { maxYoungGenerationSizeMb: youngMegabytes }),
			},
		});
		await once(worker, 'message');
		return new ThreadCaller<T>(worker, options);
	}

	/** Asks at once. */
	call<M extends keyof T & string>(
		method: M,
		...args: Parameters<Callable<T>[M]>
	): ReturnType<Callable<T>[M]> {
		this.#send(); // nothing that was asked before is overtaken
		const answer = this.callSoon(method, ...args);
		this.#send();
		return answer;
	}

	/** Asks at once, and hands over the bytes of what it asks with: who calls has them no more. */
	give<M extends keyof T & string>(
		method: M,
		...args: Parameters<Callable<T>[M]>
	): ReturnType<Callable<T>[M]> {
		this.#send(); // nothing that was asked before is overtaken
		const answer = this.callSoon(method, ...args);
		this.#send(buffersOf(args));
		return answer;
	}

	/**
	 * Asks with all others who ask in this turn of the event loop: waking the thread costs more than a small
	 * question does, and in a storm of clients there are thousands of those.
	 */
	callSoon<M extends keyof T & string>(
		method: M,
		...args: Parameters<Callable<T>[M]>
	): ReturnType<Callable<T>[M]> {
		const result = this.#ended
			? Promise.reject(this.#ended)
			: new Promise((resolve, reject) => {
					const id = ++this.#lastId;
					this.#waiting.set(id, { resolve, reject });
					this.#outgoing.push({ id, method, args });
					if (this.#outgoing.length === 1) setImmediate(() => this.#send());
				});
		return result as ReturnType<Callable<T>[M]>;
	}

	#send(given: readonly ArrayBuffer[] = []): void {
		if (this.#outgoing.length === 0) return;
		const calls = this.#outgoing;
		this.#outgoing = [];
		this.#worker.postMessage(calls, given);
	}

	/** Lets the thread finish what it was asked, then ends it. */
	async close(): Promise<void> {
		if (this.#ended) return;
		this.#isClosing = true;
		this.#send();
		const exit = once(this.#worker, 'exit');
		this.#worker.postMessage('close');
		await exit;
	}

	/** Ends it at once, whatever it is doing; who waits for it is told. */
	async end(): Promise<void> {
		this.#end(new Error('the thread was ended'));
		await this.#worker.terminate();
	}

	#settle(answer: ThreadAnswer): void {
		const waiting = this.#waiting.get(answer.id);
		this.#waiting.delete(answer.id);
		if ('failure' in answer) waiting?.reject(this.#errorOf(answer.failure));
		else waiting?.resolve(answer.result);
	}

	#end(error: Error): void {
		this.#ended ??= error;
		for (const waiting of this.#waiting.values()) waiting.reject(this.#ended);
		this.#waiting.clear();
	}
}
