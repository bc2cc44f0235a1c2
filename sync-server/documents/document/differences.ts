import * as Y from 'yjs';
import type { StoredState } from '../../log/compact-document.ts';

/**
 * What clients lack of a document. The last answer is kept for the next who lacks the same, as in a storm of
 * empty browsers; until something changes, or memory is needed.
 */
export class Differences {
	readonly #yjs: Y.Doc;
	#last: { readonly stateVector: Uint8Array; readonly update: WeakRef<Uint8Array> } | undefined;

	constructor(yjs: Y.Doc, { snapshot, updates }: StoredState) {
		this.#yjs = yjs;
		const [only, ...more] = updates;
		// It is the whole document: whoever has nothing lacks exactly this.
		if (only && more.length === 0 && !snapshot)
			this.#last = { stateVector: Uint8Array.of(0), update: new WeakRef(only.data) };
		yjs.on('update', () => (this.#last = undefined));
	}

	/** What a client with this state vector lacks. Throws on bytes that are none. */
	from(stateVector: Uint8Array): Uint8Array {
		const known = this.#last?.update.deref();
		if (known && Buffer.compare(this.#last!.stateVector, stateVector) === 0) return known;
		const update = Y.encodeStateAsUpdate(this.#yjs, stateVector);
		this.#last = { stateVector: stateVector.slice(), update: new WeakRef(update) };
		return update;
	}
}
