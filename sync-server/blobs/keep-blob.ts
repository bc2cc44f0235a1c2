import type { BlobRecord } from '../tables/blobs.ts';
import type { Tables } from '../tables/tables.ts';
import type { BlobStore, ByteStream, KeptBlob } from './blob-store.ts';
import { mediaHeadBytes, mediaType } from './media-type.ts';

export interface BlobDoors {
	readonly blobs: BlobStore;
	readonly tables: Pick<Tables, 'blobs'>;
}

/** Takes a whole blob and opens it to a project. Throws as `BlobStore.write` does. */
export async function keepBlob(
	doors: BlobDoors,
	{
		project,
		sha256,
		bytes,
		limitBytes,
		signal,
	}: {
		project: string;
		sha256?: string;
		bytes: ByteStream;
		limitBytes?: number;
		signal?: AbortSignal;
	},
): Promise<BlobRecord> {
	const kept = await doors.blobs.write(project, sha256, bytes, {
		...(limitBytes === undefined ? {} : { limitBytes }),
		...(signal ? { signal } : {}),
	});
	return openToProject(doors, project, kept);
}

/** Opens a blob, whose bytes this project sent whole, to it; its type is what its first bytes say. */
export async function openToProject(
	{ blobs, tables }: BlobDoors,
	project: string,
	{ sha256, sizeBytes }: KeptBlob,
): Promise<BlobRecord> {
	const head = await blobs.open(sha256, { start: 0, end: Math.min(sizeBytes, mediaHeadBytes) });
	const record = {
		project,
		sha256,
		sizeBytes,
		type: mediaType(head ? await new Response(head).bytes() : new Uint8Array()),
		at: new Date().toISOString(),
	};
	await tables.blobs.add(record);
	return record;
}
