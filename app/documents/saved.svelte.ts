import type { Replica } from '#app/replica/database.ts';
import { liveRows, type LiveRows } from '#app/replica/live.svelte.ts';

interface Waiting {
	/** Documents with changes that the server has not acknowledged. */
	readonly dirty: number;
	/** Changes in these. */
	readonly changes: number;
	readonly blocked: number;
	/** Of these, what is taken once this app is updated. */
	readonly outdated: number;
	/** Times the server did not accept something, kept with an export. */
	readonly refused: number;
}

/** Names of open documents of this page that are not stored yet, or could not be. */
interface OpenTotals {
	readonly saving: readonly string[];
	readonly notSaved: readonly string[];
	readonly isOutOfRoom: boolean;
}

/**
 * Where everything is that this person wrote on this device, over all documents, whether open or not:
 * from the bookkeeping in IndexedDB, so it is as true after a reload and without a network. What is not
 * even there yet is asked of the open documents.
 */
export class SavedTotals {
	readonly #waiting: LiveRows<Waiting>;
	#open = $state.raw<OpenTotals>({ saving: [], notSaved: [], isOutOfRoom: false });

	constructor(replica: Replica) {
		this.#waiting = liveRows(() => countWaiting(replica), {
			dirty: 0,
			changes: 0,
			blocked: 0,
			outdated: 0,
			refused: 0,
		});
	}

	/** Open documents with changes on their way to this device's storage. */
	get saving(): number {
		return this.#open.saving.length;
	}

	/** Open documents whose changes this device could not store. */
	get notSaved(): number {
		return this.#open.notSaved.length;
	}

	/** Open documents with changes that are not in this device's storage: on their way, or failed. */
	get notStored(): { readonly saving: readonly string[]; readonly notSaved: readonly string[] } {
		return this.#open;
	}

	/** This device has no room for what was changed last. */
	get isOutOfRoom(): boolean {
		return this.#open.isOutOfRoom;
	}

	/** Documents that are safe here and not acknowledged by the server. */
	get onDevice(): number {
		return this.#waiting.current.dirty;
	}

	/** How many changes that is. */
	get changesOnDevice(): number {
		return this.#waiting.current.changes;
	}

	/** Documents with unsent changes that the server does not take at present. */
	get blocked(): number {
		return this.#waiting.current.blocked;
	}

	/** Documents with unsent changes that this app is too old to send. */
	get outdated(): number {
		return this.#waiting.current.outdated;
	}

	get refused(): number {
		return this.#waiting.current.refused;
	}

	/** Everything is on the server's disk. False until the device has been asked. */
	get onServer(): boolean {
		const { isLoaded, current } = this.#waiting;
		return isLoaded && current.dirty === 0 && this.saving === 0 && this.notSaved === 0;
	}

	/** Tells what the open documents of this page say. */
	tell(open: OpenTotals): void {
		const isSame = JSON.stringify(open) === JSON.stringify(this.#open);
		if (!isSame) this.#open = open;
	}
}

async function countWaiting(replica: Replica): Promise<Waiting> {
	const [dirty, refused] = await Promise.all([
		replica.documents.where('isDirty').equals(1).toArray(),
		replica.refused.count(),
	]);
	return {
		dirty: dirty.length,
		changes: dirty.reduce((sum, row) => sum + row.localHead - row.acked, 0),
		blocked: dirty.filter((row) => row.block !== null).length,
		outdated: dirty.filter((row) => row.block === 'outdated').length,
		refused,
	};
}
