import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PrepareOptions } from './prepare-line.ts';
import type { PreparedLines, Push, Reply } from './prepare-thread.ts';

/** How many bytes are handed to the thread at once: small chunks of a network are gathered. */
const pushBytes = 128 * 1024;

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
	const worker = new Worker(new URL('./prepare-thread.ts', import.meta.url), {
		workerData: options,
		resourceLimits: { maxYoungGenerationSizeMb: 16 },
	});
	const free = [new ArrayBuffer(pushBytes), new ArrayBuffer(pushBytes)];
	const prepare = async (push: Push): Promise<PreparedLines> => {
		worker.postMessage(push, push ? [push.buffer] : []);
		// `once` rejects when the thread fails.
		const [{ buffer, lines }] = (await once(worker, 'message')) as [Reply];
		if (buffer) free.push(buffer);
		return lines;
	};
	let bytes = 0;
	let underWay: Promise<PreparedPiece> | undefined;
	try {
		for await (const push of gathered(stream, () => free.pop() ?? new ArrayBuffer(pushBytes))) {
			const before = await underWay;
			bytes += push.length;
			const until = bytes;
			underWay = prepare(push).then((lines) => ({ ...lines, bytes: until }));
			underWay.catch(() => undefined); // awaited above or below, unless the reader stops before
			if (before) yield before;
		}
		if (underWay) yield await underWay;
		yield { ...(await prepare(null)), bytes };
	} finally {
		await worker.terminate();
	}
}

/** The bytes of a stream in full buffers, the last one as far as they go. */
async function* gathered(
	stream: AsyncIterable<Uint8Array>,
	take: () => ArrayBuffer,
): AsyncGenerator<NonNullable<Push>> {
	let buffer = take();
	let length = 0;
	for await (const chunk of stream)
		for (let start = 0; start < chunk.length;) {
			const some = chunk.subarray(start, start + pushBytes - length);
			new Uint8Array(buffer, length).set(some);
			start += some.length;
			length += some.length;
			if (length < pushBytes) continue;
			yield { buffer, length };
			buffer = take();
			length = 0;
		}
	if (length > 0) yield { buffer, length };
}
