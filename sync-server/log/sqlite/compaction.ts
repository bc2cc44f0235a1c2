import type { StoredState } from '../compact-document.ts';
import type { CompactionMethods } from './compaction-thread.ts';
import { ThreadCaller } from '../thread-caller.ts';

/** A thread takes 30 MB; one that had nothing to do for so long is let go. */
const idleMs = 30_000;

/** Compacts in a thread that is started when it is needed and ends when it no longer is. */
export class Compaction {
	#thread: Promise<ThreadCaller<CompactionMethods>> | undefined;
	#working = 0;
	#idle: NodeJS.Timeout | undefined;

	async compact(
		name: string,
		{ snapshot, updates }: StoredState,
	): Promise<ReturnType<CompactionMethods['compact']>> {
		clearTimeout(this.#idle);
		this.#working++;
		try {
			this.#thread ??= ThreadCaller.start(new URL('./compaction-thread.ts', import.meta.url));
			const thread = await this.#thread;
			return await thread.call('compact', name, {
				snapshot,
				updates: updates.map(({ data }) => ({ data })),
			});
		} catch (error) {
			await this.close(); // a thread that died is started again the next time
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
