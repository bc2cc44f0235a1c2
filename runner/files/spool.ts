import { createWriteStream, existsSync, statSync, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';

/**
 * A file that grows and is read elsewhere at the same time: what comes in goes to disk at once, so that a
 * server that is away for an hour costs disk and no memory. Beyond the limit bytes are dropped, and the file
 * says so once. A full disk costs the file's rest, not the run.
 */
export class Spool {
	readonly #stream: WriteStream;
	readonly #limitBytes: number;
	#size: number;
	#isFull = false;
	#isClosed = false;

	constructor(path: string, limitBytes: number) {
		this.#size = existsSync(path) ? statSync(path).size : 0;
		this.#stream = createWriteStream(path, { flags: 'a' });
		this.#stream.on('error', () => (this.#isFull = true));
		this.#limitBytes = limitBytes;
	}

	/** Resolves when more may come: the disk sets the pace. */
	async write(data: Uint8Array | string): Promise<void> {
		if (this.#isFull || this.#isClosed || data.length === 0) return;
		const bytes = Buffer.from(data);
		if (this.#size + bytes.length > this.#limitBytes) {
			this.#isFull = true;
			this.#stream.write(`\n── The rest is left out: more than ${this.#limitBytes} bytes. ──\n`);
			return;
		}
		this.#size += bytes.length;
		if (!this.#stream.write(bytes)) await once(this.#stream, 'drain').catch(() => undefined);
	}

	/** Everything written is in the file when it resolves. */
	async close(): Promise<void> {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#stream.end();
		await finished(this.#stream).catch(() => undefined);
	}
}
