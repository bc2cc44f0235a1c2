import type { CompactionMethods } from './compaction-thread.ts';
import { ThreadCaller } from '../thread-caller.ts';

/** A thread takes 30 MB; one that had nothing to do for so long is let go. */
const idleMs = 30_000;

/** Compacts in a thread that is started when it is needed and ends when it no longer is. */
export class Compaction {
	#thread: Promise<ThreadCaller<CompactionMethods>> | undefined;
	#working = 0;
	#idle: NodeJS.Timeout | undefined;

	/** Calls into the thread. One that died is started again the next time. */
	async call<M extends keyof CompactionMethods>(
		method: M,
		...args: Parameters<CompactionMethods[M]>
	): Promise<ReturnType<CompactionMethods[M]>> {
		clearTimeout(this.#idle);
		this.#working++;
		try {
			this.#thread ??= ThreadCaller.start(new URL('./compaction-thread.ts', import.meta.url));
			const thread = await this.#thread;
			return (await thread.call(method, ...(args as never))) as ReturnType<CompactionMethods[M]>;
		} catch (error) {
			await this.close();
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
