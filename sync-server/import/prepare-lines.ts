import { ThreadCaller } from '../threads/thread-caller.ts';
import type { PrepareOptions } from './prepare-line.ts';
import type { PreparedLines, PrepareMethods } from './prepare-thread.ts';

/** How many bytes are handed to the thread at once: small chunks of a network are gathered. */
const pushBytes = 128 * 1024;
/** A line has 8 MiB at most; an import that takes more fails alone. */
const heapMegabytes = 512;

/** A buffer that belongs to whoever has it, filled so far. */
interface Filled {
	readonly buffer: Uint8Array;
	readonly length: number;
}

/** Lines of a stream, checked, with how many bytes of the stream were read until then. */
export interface PreparedPiece extends PreparedLines {
	readonly bytes: number;
}

/**
 * Splits and checks the lines of a stream in a thread of its own, so that the server answers others
 * meanwhile. Two buffers go back and forth, one being filled while the other is read: memory stays the same
 * whatever the stream.
 */
export async function* prepareLines(
	stream: AsyncIterable<Uint8Array>,
	options: PrepareOptions,
): AsyncGenerator<PreparedPiece> {
	const program = new URL('./prepare-thread.ts', import.meta.url);
	const thread = await ThreadCaller.start<PrepareMethods>(program, {
		workerData: options,
		heapMegabytes,
		youngMegabytes: 16,
	});
	const free: Uint8Array[] = [new Uint8Array(pushBytes), new Uint8Array(pushBytes)];
	const prepare = async ({ buffer, length }: Filled): Promise<PreparedLines> => {
		const { buffer: back, lines } = await thread.give('push', buffer, length);
		free.push(back);
		return lines;
	};
	let bytes = 0;
	let underWay: Promise<PreparedPiece> | undefined;
	try {
		for await (const push of gathered(stream, () => free.pop() ?? new Uint8Array(pushBytes))) {
			const before = await underWay;
			bytes += push.length;
			const until = bytes;
			underWay = prepare(push).then((lines) => ({ ...lines, bytes: until }));
			underWay.catch(() => undefined); // awaited above or below, unless the reader stops before
			if (before) yield before;
		}
		if (underWay) yield await underWay;
		yield { ...(await thread.call('end')), bytes };
	} finally {
		await thread.end();
	}
}

/** The bytes of a stream in full buffers, the last one as far as they go. */
async function* gathered(
	stream: AsyncIterable<Uint8Array>,
	take: () => Uint8Array,
): AsyncGenerator<Filled> {
	let buffer = take();
	let length = 0;
	for await (const chunk of stream)
		for (let start = 0; start < chunk.length;) {
			const some = chunk.subarray(start, start + pushBytes - length);
			buffer.set(some, length);
			start += some.length;
			length += some.length;
			if (length < pushBytes) continue;
			yield { buffer, length };
			buffer = take();
			length = 0;
		}
	if (length > 0) yield { buffer, length };
}
