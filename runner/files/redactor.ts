import { Transform, type TransformCallback } from 'node:stream';

/** Shorter values are too likely to be ordinary words. */
const shortestSecret = 8;
const cover = Buffer.from('[hidden]');

/**
 * Passes bytes on with every secret covered, also one that comes in two pieces: the end of a piece that could
 * be the beginning of a secret waits for the next one.
 */
export class Redactor extends Transform {
	readonly #secrets: readonly Buffer[];
	#held: Buffer = Buffer.alloc(0);

	constructor(secrets: readonly string[]) {
		super();
		this.#secrets = secrets
			.filter((secret) => secret.length >= shortestSecret)
			.map((secret) => Buffer.from(secret))
			.sort((a, b) => b.length - a.length);
	}

	override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
		let bytes = this.#covered(Buffer.concat([this.#held, chunk]));
		const keep = this.#beginningAtEnd(bytes);
		this.#held = bytes.subarray(bytes.length - keep);
		bytes = bytes.subarray(0, bytes.length - keep);
		done(null, bytes);
	}

	override _flush(done: TransformCallback): void {
		done(null, this.#held);
	}

	#covered(bytes: Buffer): Buffer {
		for (const secret of this.#secrets) {
			const parts: Buffer[] = [];
			let from = 0;
			for (let at = bytes.indexOf(secret); at !== -1; at = bytes.indexOf(secret, from)) {
				parts.push(bytes.subarray(from, at), cover);
				from = at + secret.length;
			}
			if (from > 0) bytes = Buffer.concat([...parts, bytes.subarray(from)]);
		}
		return bytes;
	}

	/** How many bytes at the end are the beginning of some secret. */
	#beginningAtEnd(bytes: Buffer): number {
		let longest = 0;
		for (const secret of this.#secrets)
			for (let n = Math.min(secret.length - 1, bytes.length); n > longest; n--)
				if (bytes.subarray(bytes.length - n).equals(secret.subarray(0, n))) longest = n;
		return longest;
	}
}
