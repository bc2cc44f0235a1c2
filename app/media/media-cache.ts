import { LRUCache } from 'lru-cache';
import { ApiError, Offline } from '#app/net/api.ts';

/** Where the server has a project's bytes. */
export function mediaUrl(project: string, sha256: string): string {
	return `/api/projects/${encodeURIComponent(project)}/blobs/${sha256}`;
}

interface Loaded {
	readonly url: string;
	/** Holds the decoded pixels of an image, so that showing it again paints at once. */
	readonly image: HTMLImageElement | undefined;
}

/**
 * Bytes this page has in memory, by address. They are named by their hash, so they are the same for
 * everybody and never change: this is memory of what is true anyway, not state.
 */
const loaded = new LRUCache<string, Promise<Loaded>>({
	max: 256,
	dispose: (entry) =>
		void entry.then(
			({ url }) => URL.revokeObjectURL(url),
			() => undefined,
		),
});

/**
 * A URL under which this page can show the bytes: from memory, from what was kept on this device, or from
 * the server. An image is decoded when it resolves. Throws Offline where they are neither here nor to be
 * had, ApiError where the server refuses.
 */
export async function loadMedia(project: string, sha256: string): Promise<string> {
	const address = mediaUrl(project, sha256);
	const known = loaded.get(address);
	if (known) return (await known).url;
	const loading = load(address);
	loaded.set(address, loading);
	// What failed is tried again by the next who asks.
	loading.catch(() => loaded.get(address) === loading && loaded.delete(address));
	return (await loading).url;
}

async function load(address: string): Promise<Loaded> {
	const kept = await keptResponse(address);
	const blob = await (kept ?? (await fetchMedia(address))).blob();
	const url = URL.createObjectURL(blob);
	if (!blob.type.startsWith('image/')) return { url, image: undefined };
	const image = new Image();
	image.src = url;
	await image.decode().catch(() => undefined); // the page shows it as broken, which it is
	return { url, image };
}

/** Any database of this device may have kept it: the address names project and hash. */
async function keptResponse(address: string): Promise<Response | undefined> {
	return 'caches' in globalThis ? caches.match(address) : undefined;
}

async function fetchMedia(address: string): Promise<Response> {
	let response: Response;
	try {
		response = await fetch(address, { credentials: 'same-origin' });
	} catch (error) {
		throw new Offline({ cause: error });
	}
	if (response.ok) return response;
	throw new ApiError(response.status, 'not_found', 'The media could not be read', undefined);
}
