import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PrepareOptions } from './prepare-line.ts';
import type { PreparedLines, Push } from './prepare-thread.ts';

/** How many bytes are handed to the thread at once: small chunks of a network are gathered. */
const pushBytes = 128 * 1024;

/** Lines of a stream, checked, with how many bytes of the stream were read until then. */
export interface PreparedPiece extends PreparedLines {
	readonly bytes: number;
}

/**
 * Splits and checks the lines of a stream in a thread of its own, so that the server answers others
 * meanwhile. One push is under way while the one before is used: memory stays bounded.
 */
export async function* prepareLines(
	stream: AsyncIterable<Uint8Array>,
	options: PrepareOptions,
): AsyncGenerator<PreparedPiece> {
	const worker = new Worker(new URL('./prepare-thread.ts', import.meta.url), {
		workerData: options,
	});
	const prepare = async (push: Push): Promise<PreparedLines> => {
		worker.postMessage(push);
		// `once` rejects when the thread fails.
		const [lines] = (await once(worker, 'message')) as [PreparedLines];
		return lines;
	};
	let bytes = 0;
	let underWay: Promise<PreparedPiece> | undefined;
	try {
		for await (const push of gathered(stream)) {
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

async function* gathered(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
	let held: Uint8Array[] = [];
	let heldBytes = 0;
	for await (const chunk of stream) {
		held.push(chunk);
		heldBytes += chunk.length;
		if (heldBytes < pushBytes) continue;
		yield Buffer.concat(held);
		held = [];
		heldBytes = 0;
	}
	if (heldBytes > 0) yield Buffer.concat(held);
}
