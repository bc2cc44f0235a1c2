import type { StoredState } from '../log/compact-document.ts';
import { ThreadCaller, ThreadError } from '../log/thread-caller.ts';
import type { Difference, ReadMethods } from './read-thread.ts';

/** A thread takes 30 MB; one that had nothing to do for so long is let go. */
const idleMs = 30_000;

/** Reads large documents in a thread, which is started when it is needed and ends when it no longer is. */
export class ReadAside {
	#thread: Promise<ThreadCaller<ReadMethods>> | undefined;
	#working = 0;
	#idle: NodeJS.Timeout | undefined;

	/** A document as updates of bounded size, to be applied in order. Rejects where it is damaged. */
	pieces(name: string, state: StoredState): Promise<readonly Uint8Array[]> {
		return this.#ask((thread) => thread.call('pieces', name, bare(state)));
	}

	/** The first part of what someone with this state vector lacks. Rejects where the bytes are no vector. */
	difference(name: string, state: StoredState, stateVector: Uint8Array): Promise<Difference> {
		return this.#ask((thread) => thread.call('difference', name, bare(state), stateVector));
	}

	async close(): Promise<void> {
		clearTimeout(this.#idle);
		const thread = this.#thread;
		this.#thread = undefined;
		await (await thread)?.close();
	}

	async #ask<T>(question: (thread: ThreadCaller<ReadMethods>) => Promise<T>): Promise<T> {
		clearTimeout(this.#idle);
		this.#working++;
		try {
			this.#thread ??= ThreadCaller.start(new URL('./read-thread.ts', import.meta.url));
			return await question(await this.#thread);
		} catch (error) {
			// One that died is started again the next time.
			if (!(error instanceof ThreadError)) await this.close();
			throw error;
		} finally {
			if (--this.#working === 0) this.#idle = setTimeout(() => void this.close(), idleMs).unref();
		}
	}
}

/** Without what is nobody's business there: who wrote it, and when. */
function bare({ snapshot, updates }: StoredState): StoredState {
	return { snapshot, updates: updates.map(({ data }) => ({ data })) };
}
