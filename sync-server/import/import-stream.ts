import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CommandError } from '#shared/api/errors.ts';
import type { ImportReport } from '#shared/api/replies.ts';
import type { ByteStream } from '../blobs/blob-store.ts';
import { Expansion } from './expansion.ts';
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
	if (format !== 'auto') return importAs(doors, format, whole, request);
	if (!isGzip(head)) return importAs(doors, kindOf(head), whole, request);
	const unpacked = unzipped(whole);
	const inner = await peek(unpacked);
	if (isGzip(inner.head)) {
		await unpacked.return(undefined);
		// Once is what people do; some bytes unpack to themselves for ever.
		throw new CommandError('bad_request', 'This is a gzip within a gzip; unpack the outer one.');
	}
	return importAs(doors, kindOf(inner.head), inner.whole, request);
}

function importAs(
	doors: ArchiveDoors,
	format: Exclude<ImportFormat, 'auto'>,
	stream: ByteStream,
	request: Omit<ImportRequest, 'lines' | 'format'>,
): Promise<ImportReport> {
	switch (format) {
		case 'jsonl':
			return importLines(doors, { ...request, lines: stream, format });
		case 'zip':
			return importArchive(doors, zipEntries(stream), { ...request, format });
		case 'tar':
			return importArchive(doors, tarEntries(stream), { ...request, format });
	}
}

function isGzip(head: Uint8Array): boolean {
	return head[0] === 0x1f && head[1] === 0x8b;
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
	const expansion = new Expansion();
	const source = Readable.from(expansion.in(stream));
	const gunzip = createGunzip();
	source.on('error', (error) => gunzip.destroy(error));
	try {
		for await (const chunk of source.pipe(gunzip) as AsyncIterable<Uint8Array>) {
			expansion.out(chunk.length);
			yield chunk;
		}
	} catch (cause) {
		if ((cause as NodeJS.ErrnoException).code?.startsWith('Z_'))
			throw new CommandError('bad_request', 'The gzip cannot be unpacked.', { cause });
		throw cause;
	} finally {
		source.destroy();
	}
}
