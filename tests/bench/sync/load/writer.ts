import * as Y from 'yjs';
import type { Link } from './link.ts';
import { marked } from './marker.ts';

const keysEach = 20;

/** One who labels: overwrites twenty values of its own, as an honest client with one Yjs client id. */
export class Writer {
	readonly #doc = new Y.Doc();
	readonly #number: number;
	readonly #asks: boolean;
	#link: Link | undefined;
	#written = 0;
	/** How much was written when the barrier on its way was sent. */
	#asked: { readonly written: number; readonly at: number } | undefined;
	/** How much the server has said is durable. */
	acknowledged = 0;
	/** From sending a barrier to its return. */
	readonly receiptMs: number[] = [];

	/** `asks`: whether the server knows barriers; like the browser it asks again when the last came back. */
	constructor(number: number, asks: boolean) {
		this.#number = number;
		this.#asks = asks;
		this.#doc.on('update', (update: Uint8Array) => this.#link!.update(update));
	}

	/** Everything written so far was confirmed, as far as the server confirms. */
	get isConfirmed(): boolean {
		return !this.#asks || this.acknowledged === this.#written;
	}

	get written(): number {
		return this.#written;
	}

	connect(link: Link): void {
		this.#link = link;
	}

	state(): Uint8Array {
		return Y.encodeStateAsUpdate(this.#doc);
	}

	write(): void {
		const item = this.#number * keysEach + (this.#written % keysEach);
		this.#written++;
		const key = `t${item}/v/tone`;
		this.#doc.getMap('draft').set(key, marked(this.#number, performance.now()));
		this.#ask();
	}

	/** The barrier came back. */
	receipt(): void {
		if (!this.#asked) return;
		this.receiptMs.push(performance.now() - this.#asked.at);
		this.acknowledged = this.#asked.written;
		this.#asked = undefined;
		if (this.acknowledged < this.#written) this.#ask();
	}

	#ask(): void {
		if (!this.#asks || this.#asked) return;
		this.#asked = { written: this.#written, at: performance.now() };
		this.#link!.barrier();
	}
}
