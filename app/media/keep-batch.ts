import type { Packet } from '#shared/api/replies.ts';
import type { Api } from '#app/net/api.ts';
import type { Documents } from '#app/documents/documents.ts';
import type { MediaRow, PacketRow, Replica } from '#app/replica/database.ts';
import { mediaUrl } from './media-cache.ts';
import { StorageFull } from './storage.ts';

/** How far keeping a batch on this device is. */
export interface KeepProgress {
	readonly done: number;
	readonly total: number;
	readonly doneBytes: number;
	readonly totalBytes: number;
}

export interface KeepOptions {
	readonly onProgress?: (progress: KeepProgress) => void;
	readonly signal?: AbortSignal;
	/** Brings the batch's documents along, too. */
	readonly documents?: Documents;
}

const downloadsAtOnce = 4;

/** What a batch needs, from this device or else from the server, which is then kept as visited. */
export async function loadPacket(replica: Replica, api: Api, batch: string): Promise<Packet> {
	return (await replica.packets.get(batch)) ?? (await fetchPacket(replica, api, batch));
}

/** Asks the server for a batch's packet and writes it to this device. */
export async function fetchPacket(
	replica: Replica,
	api: Api,
	batch: string,
	signal?: AbortSignal,
): Promise<Packet> {
	const path = `/api/batches/${encodeURIComponent(batch)}/items`;
	const packet = await api.get<Packet>(path, signal ? { signal } : {});
	await replica.transaction('rw', replica.packets, async () => {
		const before = await replica.packets.get(batch);
		await replica.packets.put({
			...packet,
			keep: before?.keep ?? 'visited',
			fetchedAt: new Date().toISOString(),
		});
	});
	return packet;
}

/**
 * Brings everything a batch needs onto this device: its items, media and documents. May be stopped and
 * called again: what is here already is not fetched twice. Throws StorageFull when the device has no room.
 */
export async function keepBatch(
	replica: Replica,
	api: Api,
	batch: string,
	{ onProgress, signal, documents }: KeepOptions = {},
): Promise<void> {
	const packet = await fetchPacket(replica, api, batch, signal);
	await replica.packets.update(batch, { keep: 'wanted' } satisfies Partial<PacketRow>);
	const { media, project } = packet;
	const totalBytes = media.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
	let done = 0;
	let doneBytes = 0;
	const report = () => onProgress?.({ done, total: media.length, doneBytes, totalBytes });
	report();

	const bringing = documents ? bringDocuments(documents, project, batch, signal) : undefined;
	const waiting = [...media];
	const cache = media.length > 0 ? await caches.open(cacheName(replica)) : undefined;
	const download = async () => {
		for (let next = waiting.shift(); next; next = waiting.shift()) {
			signal?.throwIfAborted();
			const address = mediaUrl(project, next.sha256);
			if (!(await cache!.match(address))) {
				const response = await api.fetch(address, signal ? { signal } : {});
				await cache!.put(address, response).catch(asStorageFull);
			}
			await noteMedia(replica, { ...next, project }, batch);
			done++;
			doneBytes += next.sizeBytes;
			report();
		}
	};
	await Promise.all([bringing, ...Array.from({ length: downloadsAtOnce }, download)]);
	await replica.packets.update(batch, { keep: 'kept' } satisfies Partial<PacketRow>);
}

/** Whether everything of a batch is on this device. */
export async function isKept(replica: Replica, batch: string): Promise<boolean> {
	return (await replica.packets.get(batch))?.keep === 'kept';
}

/** Frees the room of a kept batch. Documents stay: what somebody wrote is never dropped for room. */
export async function dropBatch(replica: Replica, batch: string): Promise<void> {
	const orphans = await replica.transaction('rw', replica.packets, replica.media, async () => {
		const rows = await replica.media.where('batches').equals(batch).toArray();
		const left = rows.map((row) => ({
			...row,
			batches: row.batches.filter((other) => other !== batch),
		}));
		await replica.media.bulkPut(left.filter(({ batches }) => batches.length > 0));
		const gone = left.filter(({ batches }) => batches.length === 0);
		await replica.media.bulkDelete(gone.map(({ id }) => id));
		await replica.packets.delete(batch);
		return gone;
	});
	if (orphans.length === 0) return;
	const cache = await caches.open(cacheName(replica));
	await Promise.all(orphans.map((row) => cache.delete(addressOf(row))));
}

/** What the kept batches take up on this device, in bytes. */
export async function keptSizeBytes(replica: Replica): Promise<number> {
	let sum = 0;
	await replica.media.each(({ sizeBytes }) => (sum += sizeBytes));
	return sum;
}

/** One person's media; the service worker leaves them alone. */
function cacheName(replica: Replica): string {
	return `media-${replica.name}`;
}

function addressOf({ id, project }: MediaRow): string {
	return mediaUrl(project, id.slice(project.length + 1));
}

async function noteMedia(
	replica: Replica,
	media: { readonly project: string; readonly sha256: string; readonly sizeBytes: number },
	batch: string,
): Promise<void> {
	const { project, sha256, sizeBytes } = media;
	const id = `${project}/${sha256}`;
	await replica.transaction('rw', replica.media, async () => {
		const batches = new Set((await replica.media.get(id))?.batches).add(batch);
		await replica.media.put({ id, project, sizeBytes, batches: [...batches] });
	});
}

/** Waits until the three documents of a batch have been here once. */
async function bringDocuments(
	documents: Documents,
	project: string,
	batch: string,
	signal?: AbortSignal,
): Promise<void> {
	const handles = ['answers', 'verdicts', 'notes'].map((part) =>
		documents.open(`${project}/${batch}/${part}`),
	);
	try {
		await Promise.all(handles.map(({ name }) => documents.find(name)!.whenOnDevice(signal)));
	} finally {
		for (const handle of handles) handle.release();
	}
}

function asStorageFull(error: unknown): never {
	if (error instanceof DOMException && error.name === 'QuotaExceededError')
		throw new StorageFull({ cause: error });
	throw error;
}
