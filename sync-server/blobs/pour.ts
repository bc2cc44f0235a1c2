import { open } from 'node:fs/promises';
import { CommandError } from '#shared/api/errors.ts';
import { asDiskTrouble } from '../disk-trouble.ts';
import type { ByteStream } from './blob-store.ts';

/** Writes a stream to a file from an offset on and puts it on disk; answers how many bytes came. */
export async function pour(
	bytes: ByteStream,
	file: string,
	{
		offset,
		limitBytes = Infinity,
		signal,
		each,
	}: {
		offset: number;
		limitBytes?: number;
		signal?: AbortSignal;
		each?: { update(bytes: Uint8Array): unknown };
	},
): Promise<number> {
	let written = 0;
	try {
		const handle = await open(file, offset === 0 ? 'w' : 'r+', 0o600);
		try {
			for await (const chunk of untilAborted(bytes, signal)) {
				if (offset + written + chunk.length > limitBytes)
					throw new CommandError('too_large', `A blob may have ${limitBytes} bytes at most.`);
				each?.update(chunk);
				await handle.writev([chunk], offset + written);
				written += chunk.length;
			}
		} finally {
			// Also when the connection broke: what came before is kept, to go on from.
			await handle.sync();
			await handle.close();
		}
	} catch (error) {
		throw asDiskTrouble(error);
	}
	return written;
}

/** The chunks of a stream, until the signal ends it: also while the next chunk does not come. */
async function* untilAborted(bytes: ByteStream, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
	const chunks = bytes[Symbol.asyncIterator]();
	const aborted = Promise.withResolvers<never>();
	aborted.promise.catch(() => undefined); // it is raced against below, if anybody still waits
	const abort = () => aborted.reject(signal!.reason as Error);
	if (signal?.aborted) abort();
	signal?.addEventListener('abort', abort);
	try {
		for (;;) {
			const next = await Promise.race([chunks.next(), aborted.promise]);
			if (next.done) return;
			yield next.value;
		}
	} finally {
		signal?.removeEventListener('abort', abort);
		// Not awaited: a stream that hangs would hang this too.
		void chunks.return?.().catch(() => undefined);
	}
}
