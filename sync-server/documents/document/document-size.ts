import type * as Y from 'yjs';
import { limits } from '../gate/limits.ts';

/** How large a document is, as far as it can be told without going through it. */
export class DocumentSize {
	readonly #yjs: Y.Doc;
	/** Counts what edits have replaced, too, until it is measured. */
	#encodedBytes: number;

	constructor(yjs: Y.Doc, encodedBytes: number) {
		this.#yjs = yjs;
		this.#encodedBytes = encodedBytes;
	}

	grew(bytes: number): void {
		this.#encodedBytes += bytes;
	}

	/** Somebody encoded it. */
	measured(bytes: number): void {
		this.#encodedBytes = bytes;
	}

	/** True where it has to be measured before it takes so many bytes more. */
	mayBeFull(more: number): boolean {
		return this.#encodedBytes + more > limits.documentBytes;
	}

	/** So much that the main thread should not go through all of it at once. */
	get isLarge(): boolean {
		return (
			this.#encodedBytes > limits.mainThreadDocumentBytes ||
			this.#structs > limits.mainThreadStructs
		);
	}

	/** Roughly what it takes in memory: what even an empty one takes, its structs, and what they say (measured: tests/bench/RESULTS.md). */
	get residentBytes(): number {
		return 20_000 + 250 * this.#structs + 5 * this.#encodedBytes;
	}

	get #structs(): number {
		let count = 0;
		for (const ofClient of this.#yjs.store.clients.values()) count += ofClient.length;
		return count;
	}
}
