import { CommandError } from '#shared/api/errors.ts';
import { requestBytes } from './request-bytes.ts';

/** Who sends 2 MB slower than 35 kB/s holds up others; what is larger has as much more time. */
const leastMs = 60_000;
const bytesAMs = 35;

/** The bytes of a body, which must not be too many, nor too slow to come: whoever sends them holds a turn. */
export async function bodyInTime(request: Request, limitBytes: number): Promise<Uint8Array> {
	const { promise, reject } = Promise.withResolvers<never>();
	const timer = setTimeout(
		() => {
			reject(new CommandError('bad_request', 'body: it takes too long to arrive'));
		},
		Math.max(leastMs, limitBytes / bytesAMs),
	);
	try {
		return await Promise.race([requestBytes(request, limitBytes), promise]);
	} finally {
		clearTimeout(timer);
	}
}
