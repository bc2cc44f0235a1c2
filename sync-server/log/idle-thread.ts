import { ThreadCaller, ThreadError } from './thread-caller.ts';

/** A thread takes 30 MB; one that had nothing to do for so long is let go. */
const idleMs = 30_000;

/** A thread that is started when it is needed and ends when it no longer is. */
export class IdleThread<T> {
	readonly #program: URL;
	#thread: Promise<ThreadCaller<T>> | undefined;
	#working = 0;
	#idle: NodeJS.Timeout | undefined;

	constructor(program: URL) {
		this.#program = program;
	}

	/** Asks the thread. One that died is started again the next time. */
	async ask<R>(question: (thread: ThreadCaller<T>) => Promise<R>): Promise<R> {
		clearTimeout(this.#idle);
		this.#working++;
		try {
			this.#thread ??= ThreadCaller.start(this.#program);
			return await question(await this.#thread);
		} catch (error) {
			if (!(error instanceof ThreadError)) await this.close();
			throw error;
		} finally {
			if (--this.#working === 0) this.#idle = setTimeout(() => void this.close(), idleMs).unref();
		}
	}

	async close(): Promise<void> {
		clearTimeout(this.#idle);
		const thread = this.#thread;
		this.#thread = undefined;
		await (await thread)?.close();
	}
}
