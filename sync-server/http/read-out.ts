import type { IncomingMessage } from 'node:http';

/** How much more of a refused upload is read: enough for any ordinary one, no matter how fast it comes. */
const restBytes = 64 * 1024 * 1024;
const restMs = 2000;

/**
 * Reads the rest of a refused upload and throws it away, before it is answered: a connection that is closed
 * while its client still sends takes the answer with it, and the next request that was on its way. Resolves
 * at the end, or when there is too much more of it.
 */
export function readOut(incoming: IncomingMessage): Promise<void> {
	if (incoming.complete || incoming.destroyed) return Promise.resolve();
	return new Promise((resolve) => {
		let seen = 0;
		const count = (chunk: Uint8Array): void => {
			seen += chunk.length;
			if (seen > restBytes) done();
		};
		const done = (): void => {
			clearTimeout(timer);
			incoming.off('data', count).off('end', done).off('close', done).off('error', done);
			resolve();
		};
		const timer = setTimeout(done, restMs);
		// Whoever read it has stopped, and would only hold it back now.
		incoming.removeAllListeners('readable').removeAllListeners('data');
		incoming.on('data', count).on('end', done).on('close', done).on('error', done);
		incoming.resume();
	});
}
