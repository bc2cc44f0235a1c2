import { CommandError } from '#shared/api/errors.ts';
import type { ByteStream } from '../blobs/blob-store.ts';

/** What any upload may unpack to, however small it is. */
const freeBytes = 64 * 1024 * 1024;
/** Lines of JSON shrink to a twentieth or so; deflate at its worst makes a thousand bytes of one. */
const timesPacked = 200;

/** Watches how much comes out of what comes in, so that a few kilobytes never fill the disk. */
export class Expansion {
	#packedBytes = 0;
	#unpackedBytes = 0;

	/** The packed bytes, counted as they go by. */
	async *in(stream: ByteStream): AsyncGenerator<Uint8Array> {
		for await (const chunk of stream) {
			this.#packedBytes += chunk.length;
			yield chunk;
		}
	}

	/** Notes unpacked bytes. Throws `too_large` for what nobody packs who labels. */
	out(sizeBytes: number): void {
		this.#unpackedBytes += sizeBytes;
		if (this.#unpackedBytes > Math.max(freeBytes, this.#packedBytes * timesPacked))
			throw new CommandError(
				'too_large',
				`The upload unpacks to more than ${timesPacked} times its size; send it unpacked.`,
			);
	}
}
