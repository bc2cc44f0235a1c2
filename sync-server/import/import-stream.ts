import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CommandError } from '#shared/api/errors.ts';
import type { ImportReport } from '#shared/api/replies.ts';
import type { ByteStream } from '../blobs/blob-store.ts';
import { importArchive, type ArchiveDoors } from './import-archive.ts';
import { importLines, type ImportRequest } from './import-lines.ts';
import { tarEntries } from './tar-entries.ts';
import { zipEntries } from './zip-entries.ts';

const formats = ['auto', 'jsonl', 'zip', 'tar'] as const;
export type ImportFormat = (typeof formats)[number];

/** Enough of a stream to know a tar by. */
const headBytes = 512;

/** Reads the name of a format. Throws `unsupported_format`. */
export function importFormat(name: string): ImportFormat {
	const format = formats.find((known) => known === name);
	if (!format)
		throw new CommandError(
			'unsupported_format',
			`${name.slice(0, 50)} cannot be imported; ${formats.join(', ')} can.`,
		);
	return format;
}

/** Imports a stream of any length: JSON lines, or a zip or tar where media come along; each may be gzipped. */
export async function importStream(
	doors: ArchiveDoors,
	format: ImportFormat,
	stream: ByteStream,
	request: Omit<ImportRequest, 'lines' | 'format'>,
): Promise<ImportReport> {
	const { head, whole } = await peek(stream);
	if (format === 'auto' && head[0] === 0x1f && head[1] === 0x8b)
		return importStream(doors, 'auto', unzipped(whole), request);
	const kind = format === 'auto' ? kindOf(head) : format;
	switch (kind) {
		case 'jsonl':
			return importLines(doors, { ...request, lines: whole, format: kind });
		case 'zip':
			return importArchive(doors, zipEntries(whole), { ...request, format: kind });
		case 'tar':
			return importArchive(doors, tarEntries(whole), { ...request, format: kind });
	}
}

function kindOf(head: Uint8Array): Exclude<ImportFormat, 'auto'> {
	const text = Buffer.from(head).toString('latin1');
	if (text.startsWith('PK\x03\x04')) return 'zip';
	return text.startsWith('ustar', 257) ? 'tar' : 'jsonl';
}

/** The start of a stream, and the stream as if nothing had been read. */
async function peek(stream: ByteStream): Promise<{ head: Uint8Array; whole: ByteStream }> {
	const chunks = stream[Symbol.asyncIterator]();
	const read: Uint8Array[] = [];
	let bytes = 0;
	while (bytes < headBytes) {
		const next = await chunks.next();
		if (next.done) break;
		read.push(next.value);
		bytes += next.value.length;
	}
	async function* whole(): AsyncGenerator<Uint8Array> {
		try {
			yield* read;
			for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
		} finally {
			await chunks.return?.();
		}
	}
	return { head: Buffer.concat(read), whole: whole() };
}

async function* unzipped(stream: ByteStream): AsyncGenerator<Uint8Array> {
	const source = Readable.from(stream);
	const gunzip = createGunzip();
	source.on('error', (error) => gunzip.destroy(error));
	try {
		yield* source.pipe(gunzip) as AsyncIterable<Uint8Array>;
	} catch (cause) {
		if ((cause as NodeJS.ErrnoException).code?.startsWith('Z_'))
			throw new CommandError('bad_request', 'The gzip cannot be unpacked.', { cause });
		throw cause;
	} finally {
		source.destroy();
	}
}
