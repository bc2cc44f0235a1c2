import { Unzip, UnzipInflate } from 'fflate';
import { CommandError } from '#shared/api/errors.ts';
import type { ByteStream } from '../blobs/blob-store.ts';
import type { ArchiveEntry } from './archive-entry.ts';
import { Expansion } from './expansion.ts';

/** How much is unpacked at once: a thousandfold bomb then fills 16 MiB, not the memory. */
const pushBytes = 16 * 1024;

interface Opened {
	readonly path: string;
	readonly chunks: Uint8Array[];
	isEnded: boolean;
}

/** The files of a zip, as its bytes come. Throws `bad_request` for what is no zip. */
export async function* zipEntries(stream: ByteStream): AsyncGenerator<ArchiveEntry> {
	const opened: Opened[] = [];
	const expansion = new Expansion();
	let failure: Error | undefined;
	const unzip = new Unzip((file) => {
		if (file.name.endsWith('/')) {
			// A folder may claim to have bytes: what is not started is kept in memory for later.
			file.ondata = (error) => (failure ??= error ?? undefined);
			file.start();
			return;
		}
		const entry: Opened = { path: file.name, chunks: [], isEnded: false };
		opened.push(entry);
		file.ondata = (error, chunk, isLast) => {
			if (error) failure ??= error;
			if (chunk?.length > 0) {
				expansion.out(chunk.length);
				entry.chunks.push(chunk);
			}
			if (isLast) entry.isEnded = true;
		};
		file.start();
	});
	unzip.register(UnzipInflate);
	const pushes = small(expansion.in(stream))[Symbol.asyncIterator]();
	let isOver = false;
	/** Unpacks a little more; false at the end. */
	const more = async (): Promise<boolean> => {
		if (isOver) return false;
		const next = await pushes.next();
		isOver = next.done === true;
		try {
			unzip.push(next.done ? new Uint8Array() : next.value, isOver);
		} catch (cause) {
			throw badZip(cause);
		}
		if (failure) throw badZip(failure);
		return true;
	};
	async function* bytesOf(entry: Opened): AsyncGenerator<Uint8Array> {
		for (;;) {
			const chunk = entry.chunks.shift();
			if (chunk) yield chunk;
			else if (entry.isEnded) return;
			else if (!(await more())) throw badZip(new Error('the file ends in the middle'));
		}
	}
	for (;;) {
		const entry = opened.shift();
		if (entry) yield { path: entry.path, bytes: bytesOf(entry) };
		else if (!(await more())) return;
	}
}

async function* small(stream: ByteStream): AsyncGenerator<Uint8Array> {
	for await (const chunk of stream)
		for (let start = 0; start < chunk.length; start += pushBytes)
			yield chunk.subarray(start, start + pushBytes);
}

function badZip(cause: unknown): CommandError {
	if (cause instanceof CommandError) return cause;
	return new CommandError(
		'bad_request',
		`The zip cannot be unpacked: ${cause instanceof Error ? cause.message : String(cause)}.`,
		{ cause },
	);
}
