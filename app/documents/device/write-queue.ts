import * as Y from 'yjs';
import { packingUpdates } from '#shared/wire/pack-updates.ts';
import { eachInSlices } from './slices.ts';

/** Merging costs time, rows cost little: what a few gestures wrote is one row, a piece of the server's stays one. */
const packedBytes = 8 * 1024;

interface Queued {
	readonly update: Uint8Array;
	readonly isLocal: boolean;
}

/** The changes at the front of a queue, as they are to be written. */
export interface Batch {
	/** Several small updates are one. */
	readonly updates: readonly Uint8Array[];
	/** How many changes these are, and how many of them were made here. */
	readonly count: number;
	readonly localCount: number;
}

/**
 * Changes of a doc that have not reached this device's storage, in their order. None leaves before it is
 * written, because all later ones build on it.
 */
export class WriteQueue {
	#queued: Queued[] = [];

	get isEmpty(): boolean {
		return this.#queued.length === 0;
	}

	/** Something in it was made here. */
	get hasLocal(): boolean {
		return this.#queued.some(({ isLocal }) => isLocal);
	}

	/** What was made here, as one update. */
	get local(): Uint8Array {
		return Y.mergeUpdates(this.#queued.flatMap(({ update, isLocal }) => (isLocal ? [update] : [])));
	}

	add(update: Uint8Array, isLocal: boolean): void {
		this.#queued.push({ update, isLocal });
	}

	/** All that waits now, packed with pauses; what comes meanwhile is none of it. */
	async pack(): Promise<Batch> {
		const queued = this.#queued.slice();
		const updates: Uint8Array[] = [];
		const packing = packingUpdates(
			queued.map(({ update }) => update),
			packedBytes,
		);
		await eachInSlices(packing, (pack) => updates.push(pack));
		const localCount = queued.filter(({ isLocal }) => isLocal).length;
		return { updates, count: queued.length, localCount };
	}

	/** The front was written. */
	written({ count }: Batch): void {
		this.#queued = this.#queued.slice(count);
	}
}
