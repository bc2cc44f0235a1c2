import { ThreadCaller, ThreadError, type ThreadOptions } from './thread-caller.ts';

/** A thread takes 30 MB; one that had nothing to do for so long is let go. */
const idleMs = 30_000;

/** A thread that is started when it is needed and ends when it no longer is. */
export class IdleThread<T> {
	readonly #program: URL;
	readonly #options: ThreadOptions;
	#thread: Promise<ThreadCaller<T>> | undefined;
	#working = 0;
	#idle: NodeJS.Timeout | undefined;

	constructor(program: URL, options: ThreadOptions) {
		this.#program = program;
		this.#options = options;
	}

	/**
	 * Asks the thread. One that has died, or whose answer was not waited for to its end, is ended, and the next
	 * question starts it again.
	 */
	async ask<R>(question: (thread: ThreadCaller<T>) => Promise<R>): Promise<R> {
		clearTimeout(this.#idle);
		this.#working++;
		const starting = (this.#thread ??= ThreadCaller.start(this.#program, this.#options));
		try {
			return await question(await starting);
		} catch (error) {
			if (!(error instanceof ThreadError)) await this.#end(starting);
			throw error;
		} finally {
			if (--this.#working === 0) this.#idle = setTimeout(() => void this.close(), idleMs).unref();
		}
	}

	/** Lets it finish what it was asked, then ends it. */
	async close(): Promise<void> {
		const thread = this.#forget();
		await (await thread)?.close();
	}

	/** Ends it at once; who waits for an answer is told. */
	async end(): Promise<void> {
		const thread = this.#forget();
		await (await thread)?.end();
	}

	async #end(starting: Promise<ThreadCaller<T>>): Promise<void> {
		if (this.#thread === starting) void this.#forget();
		const thread = await starting.catch(() => undefined); // who asked is told that it did not start
		await thread?.end();
	}

	#forget(): Promise<ThreadCaller<T>> | undefined {
		clearTimeout(this.#idle);
		const thread = this.#thread;
		this.#thread = undefined;
		return thread;
	}
}
