import { SvelteMap } from 'svelte/reactivity';
import type { Documents } from '#app/documents/documents.ts';
import { dropBatch, keepBatch, type KeepProgress } from '#app/media/keep-batch.ts';
import { StoragePromise } from '#app/media/persistence.svelte.ts';
import type { Api } from '#app/net/api.ts';
import type { PacketRow, Replica } from '#app/replica/database.ts';
import { liveRows, type LiveRows } from '#app/replica/live.svelte.ts';

/** How a batch stands on this device. */
export type Kept =
	| { readonly kind: 'no' }
	| { readonly kind: 'keeping'; readonly progress: KeepProgress | undefined }
	/** Asked for and not all here: the network failed, or the page was closed. */
	| { readonly kind: 'partly'; readonly sizeBytes: number }
	| { readonly kind: 'kept'; readonly sizeBytes: number };

/** What is known about a packet without holding its items. */
interface KeptPacket {
	readonly batch: string;
	readonly project: string;
	readonly keep: PacketRow['keep'];
	readonly sizeBytes: number;
}

interface Deps {
	readonly replica: Replica;
	readonly api: Api;
	readonly documents: Documents;
	readonly onFailure: (error: unknown) => void;
}

/**
 * Which batches this device keeps, and bringing them here. Work goes on while other pages are open; what a
 * closed page left half done is taken up again by `resume`.
 */
export class KeptBatches {
	readonly #deps: Deps;
	readonly #running = new SvelteMap<string, KeepProgress | undefined>();
	readonly #aborts = new Map<string, AbortController>();
	readonly #packets: LiveRows<readonly KeptPacket[]>;

	constructor(deps: Deps) {
		this.#deps = deps;
		this.#packets = liveRows(() => keptPackets(deps.replica), []);
	}

	/** Everything that was asked to be kept, of all projects. */
	get all(): readonly KeptPacket[] {
		return this.#packets.current;
	}

	of(batch: string): Kept {
		if (this.#running.has(batch)) return { kind: 'keeping', progress: this.#running.get(batch) };
		const packet = this.#packets.current.find((one) => one.batch === batch);
		if (!packet) return { kind: 'no' };
		return { kind: packet.keep === 'kept' ? 'kept' : 'partly', sizeBytes: packet.sizeBytes };
	}

	/** Brings a batch onto this device and asks the browser not to clear it by itself. */
	async keep(batch: string): Promise<void> {
		if (this.#aborts.has(batch)) return;
		const abort = new AbortController();
		const { replica, api, documents, onFailure } = this.#deps;
		this.#aborts.set(batch, abort);
		this.#running.set(batch, undefined);
		try {
			await new StoragePromise().ask();
			await keepBatch(replica, api, batch, {
				documents,
				signal: abort.signal,
				onProgress: (progress) => this.#running.set(batch, progress),
			});
		} catch (error) {
			if (!abort.signal.aborted) onFailure(error);
		} finally {
			this.#aborts.delete(batch);
			this.#running.delete(batch);
		}
	}

	/** Frees its room. What somebody wrote in it stays. */
	async drop(batch: string): Promise<void> {
		this.#aborts.get(batch)?.abort();
		await dropBatch(this.#deps.replica, batch);
	}

	/** Goes on with everything that was asked for and is not all here. */
	async resume(): Promise<void> {
		for (const { batch, keep } of await keptPackets(this.#deps.replica))
			if (keep === 'wanted') void this.keep(batch);
	}
}

/** What is being kept is found again on return to a page: it lives as long as the person's database is open. */
const ofReplica = new WeakMap<Replica, KeptBatches>();

export function keptBatchesOf(deps: Deps): KeptBatches {
	const kept = ofReplica.get(deps.replica) ?? new KeptBatches(deps);
	ofReplica.set(deps.replica, kept);
	return kept;
}

async function keptPackets(replica: Replica): Promise<KeptPacket[]> {
	const rows = await replica.packets.filter(({ keep }) => keep !== 'visited').toArray();
	return rows.map(({ batch, project, keep, items, media }) => ({
		batch,
		project,
		keep,
		sizeBytes:
			JSON.stringify(items).length + media.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
	}));
}
