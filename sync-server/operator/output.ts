import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

const [standard, errors] = [1, 2];

/**
 * Where the log goes: to the standard output, and to that of errors once nobody reads the first. The process
 * outlives both: a closed pipe or terminal ends no server.
 */
export function logOutput(): DestinationStream {
	// Somebody may print beside the log.
	for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
	let isRead = true;
	return {
		write(line) {
			if (isRead && print(standard, line)) return;
			if (isRead) print(errors, 'Nobody reads the output of the server any more; it goes on.\n');
			isRead = false;
			print(errors, line);
		},
	};
}

/** Writes all of a text; false where it went nowhere. */
function print(file: number, text: string): boolean {
	const bytes = Buffer.from(text);
	try {
		for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
		return true;
	} catch (error) {
		// A reader that is only slow misses a line: nobody waits for it.
		return (error as NodeJS.ErrnoException).code === 'EAGAIN';
	}
}
