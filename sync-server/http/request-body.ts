import { CommandError } from '#shared/api/errors.ts';
import type { ByteStream } from '../blobs/blob-store.ts';

/** The bytes of a request as they come. A connection that breaks is the caller's failure, not the server's. */
export async function* requestBody(request: Request): AsyncGenerator<Uint8Array> {
	if (!request.body) return;
	const chunks = (request.body as unknown as ByteStream)[Symbol.asyncIterator]();
	try {
		for (;;) {
			const next = await chunks.next().catch((cause: unknown) => {
				throw new CommandError('bad_request', 'The connection broke before the end.', { cause });
			});
			if (next.done) return;
			yield next.value;
		}
	} finally {
		await chunks.return?.();
	}
}
