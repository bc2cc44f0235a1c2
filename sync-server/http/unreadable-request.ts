import type { Duplex } from 'node:stream';
import { CommandError } from '#shared/api/errors.ts';

/** Answers what never became a request, from the same table as everything else, and hangs up. */
export function refuseUnreadable(error: NodeJS.ErrnoException, connection: Duplex): void {
	if (error.code === 'ECONNRESET' || !connection.writable) {
		connection.destroy();
		return;
	}
	const refusal = refusalOf(error);
	const body = JSON.stringify(refusal.body);
	connection.end(
		[
			`HTTP/1.1 ${refusal.status} ${refusal.status === 413 ? 'Content Too Large' : 'Bad Request'}`,
			'Content-Type: application/json',
			`Content-Length: ${Buffer.byteLength(body)}`,
			'Connection: close',
			'',
			body,
		].join('\r\n'),
		() => connection.destroy(),
	);
}

function refusalOf({ code }: NodeJS.ErrnoException): CommandError {
	switch (code) {
		case 'HPE_HEADER_OVERFLOW':
			return new CommandError(
				'too_large',
				'The address and the headers of a request may have 16 KiB together.',
			);
		case 'ERR_HTTP_REQUEST_TIMEOUT':
			return new CommandError('bad_request', 'The headers of the request did not come in time.');
		default:
			return new CommandError('bad_request', 'This is not a request as HTTP/1.1 has it.');
	}
}
