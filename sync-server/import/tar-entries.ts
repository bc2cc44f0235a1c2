import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { CommandError } from '#shared/api/errors.ts';
import type { ByteStream } from '../blobs/blob-store.ts';
import type { ArchiveEntry } from './archive-entry.ts';

/** The files of a tar, as its bytes come; links and devices are passed over. Throws `bad_request` for what is no tar. */
export async function* tarEntries(stream: ByteStream): AsyncGenerator<ArchiveEntry> {
	const entries = extract();
	const source = Readable.from(stream);
	source.on('error', (error) => entries.destroy(error));
	source.pipe(entries);
	try {
		for await (const entry of entries) {
			if (entry.header.type === 'file' || entry.header.type === 'contiguous-file')
				yield { path: entry.header.name, bytes: entry as unknown as ByteStream };
			entry.resume();
		}
	} catch (cause) {
		if (cause instanceof CommandError) throw cause;
		const reason = cause instanceof Error ? cause.message : String(cause);
		throw new CommandError('bad_request', `The tar cannot be unpacked: ${reason}.`, { cause });
	} finally {
		source.destroy();
		entries.destroy();
	}
}
