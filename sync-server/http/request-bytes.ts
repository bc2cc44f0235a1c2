import { CommandError } from '#shared/api/errors.ts';
import { requestBody } from './request-body.ts';

/** The bytes of a request's body. Throws `too_large` beyond the limit, having read no more than that. */
export async function requestBytes(request: Request, limitBytes: number): Promise<Uint8Array> {
	const chunks: Uint8Array[] = [];
	let total = 0;
	for await (const chunk of requestBody(request)) {
		total += chunk.length;
		if (total > limitBytes)
			throw new CommandError('too_large', `The body is larger than ${limitBytes} bytes.`);
		chunks.push(chunk);
	}
	return Buffer.concat(chunks);
}
