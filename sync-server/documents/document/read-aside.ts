import type { StoredState } from '../../log/compact-document.ts';
import { IdleThread } from '../../threads/idle-thread.ts';
import { within } from '../../threads/within.ts';
import { FewAtOnce } from '../few-at-once.ts';
import type { Difference, ReadMethods } from './read-thread.ts';

/** For a document, which is at most 16 MB, and its updates. */
const heapMegabytes = 1024;
/** Twenty times as long as the largest honest one takes. */
const readLimitMs = 30_000;

/**
 * Reads large documents in a thread, which is started when it is needed and ends when it no longer is, or when
 * one takes too long: others wait behind it.
 */
export class ReadAside {
	readonly #limitMs: number;
	readonly #thread = new IdleThread<ReadMethods>(new URL('./read-thread.ts', import.meta.url), {
		heapMegabytes,
	});
	/** One after the other: each holds a document. */
	readonly #turns = new FewAtOnce(1);

	/** `limitMs`: what one document may take (30 s). */
	constructor(limitMs = readLimitMs) {
		this.#limitMs = limitMs;
	}

	/** A document as updates of bounded size, to be applied in order. Rejects where it is damaged, or takes too long. */
	pieces(name: string, state: StoredState): Promise<readonly Uint8Array[]> {
		return this.#turns.run(() =>
			this.#thread.ask((thread) => within(this.#limitMs, thread.call('pieces', name, bare(state)))),
		);
	}

	/** The first part of what someone with this state vector lacks. The document is read when its turn comes. */
	difference(
		name: string,
		read: () => Promise<StoredState>,
		stateVector: Uint8Array,
	): Promise<Difference> {
		return this.#turns.run(async () => {
			const state = bare(await read());
			return this.#thread.ask((thread) =>
				within(this.#limitMs, thread.give('difference', name, state, stateVector.slice())),
			);
		});
	}

	close(): Promise<void> {
		return this.#thread.close();
	}
}

/** Without what is nobody's business there: who wrote it, and when. */
function bare({ snapshot, updates }: StoredState): StoredState {
	return { snapshot, updates: updates.map(({ data }) => ({ data })) };
}
