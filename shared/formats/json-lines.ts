// The lines are JSON, but this file only splits: what a line means is for who reads it.

/** The longest line that is kept (design §5, import). */
const lineLimitBytes = 8 * 1024 * 1024;

/** One line of a stream, numbered from 1 as an editor numbers it. Blank lines are counted and left out. */
export type Line =
	| { readonly kind: 'text'; readonly line: number; readonly text: string }
	/** Longer than the limit: not kept, the stream goes on behind it. */
	| { readonly kind: 'tooLong'; readonly line: number }
	/** Not UTF-8. */
	| { readonly kind: 'malformed'; readonly line: number };

// Both a browser and Node have it; shared is compiled without the types of either.
declare const TextDecoder: new (
	label: 'utf-8',
	options: { readonly fatal: boolean; readonly ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };

const lineFeed = 10;
const carriageReturn = 13;

/**
 * Splits bytes into lines as they come. Holds at most one unfinished line, so memory stays below twice the
 * limit whatever the stream. LF and CRLF end a line, the last one may end without; a byte order mark at the
 * start is no part of the first.
 */
export class JsonLines {
	readonly #limitBytes: number;
	readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
	#line = 1;
	/** The start of a line whose end has not come yet: the first `#heldBytes` of `#held`. */
	#held = new Uint8Array(4096);
	#heldBytes = 0;
	#isTooLong = false;

	constructor(limitBytes: number = lineLimitBytes) {
		this.#limitBytes = limitBytes;
	}

	/** The lines that this chunk ends, in order. The chunk may be reused afterwards. */
	push(chunk: Uint8Array): Line[] {
		const lines: Line[] = [];
		let start = 0;
		for (;;) {
			const end = chunk.indexOf(lineFeed, start);
			if (end === -1) break;
			if (this.#heldBytes === 0 && !this.#isTooLong)
				this.#finish(chunk.subarray(start, end), lines);
			else {
				this.#hold(chunk.subarray(start, end));
				this.#finishHeld(lines);
			}
			start = end + 1;
		}
		this.#hold(chunk.subarray(start));
		return lines;
	}

	/** The last line, where the stream ended without LF. */
	end(): Line[] {
		const lines: Line[] = [];
		if (this.#heldBytes > 0 || this.#isTooLong) this.#finishHeld(lines);
		return lines;
	}

	#hold(bytes: Uint8Array): void {
		const sizeBytes = this.#heldBytes + bytes.length;
		// Four bytes more than the limit may still be a CR and a byte order mark.
		if (this.#isTooLong || sizeBytes > this.#limitBytes + 4) {
			this.#isTooLong = true;
			this.#heldBytes = 0;
			return;
		}
		if (sizeBytes > this.#held.length) {
			const larger = new Uint8Array(Math.max(sizeBytes, this.#held.length * 2));
			larger.set(this.#held.subarray(0, this.#heldBytes));
			this.#held = larger;
		}
		this.#held.set(bytes, this.#heldBytes);
		this.#heldBytes = sizeBytes;
	}

	#finishHeld(lines: Line[]): void {
		if (this.#isTooLong) lines.push({ kind: 'tooLong', line: this.#line++ });
		else this.#finish(this.#held.subarray(0, this.#heldBytes), lines);
		this.#heldBytes = 0;
		this.#isTooLong = false;
	}

	#finish(bytes: Uint8Array, lines: Line[]): void {
		const line = this.#line++;
		const start = line === 1 && startsWithMark(bytes) ? 3 : 0;
		const end = bytes.at(-1) === carriageReturn ? bytes.length - 1 : bytes.length;
		if (end - start > this.#limitBytes) {
			lines.push({ kind: 'tooLong', line });
			return;
		}
		const text = this.#decode(bytes.subarray(start, end));
		if (text === undefined) lines.push({ kind: 'malformed', line });
		else if (text.trim() !== '') lines.push({ kind: 'text', line, text });
	}

	#decode(bytes: Uint8Array): string | undefined {
		try {
			return this.#decoder.decode(bytes);
		} catch {
			return undefined; // fatal: what is not UTF-8 throws, and is reported as a line
		}
	}
}

/** The lines of a stream of chunks, in groups as they come. */
export async function* readLines(
	chunks: AsyncIterable<Uint8Array>,
	limitBytes: number = lineLimitBytes,
): AsyncGenerator<readonly Line[], void, undefined> {
	const splitter = new JsonLines(limitBytes);
	for await (const chunk of chunks) {
		const lines = splitter.push(chunk);
		if (lines.length > 0) yield lines;
	}
	const last = splitter.end();
	if (last.length > 0) yield last;
}

function startsWithMark(bytes: Uint8Array): boolean {
	return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}
