/** Colours, cursor moves and titles that programs write for terminals. */
const terminalCodes =
	// eslint-disable-next-line no-control-regex -- these control characters are what is looked for
	/\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;
// eslint-disable-next-line no-control-regex -- the same, cut off at the end of a piece
const openCode = /\u001b(?:\[[0-9;?]*[ -/]*|\][^\u0007\u001b]*)?$/;

/** More than anybody scrolls through; beyond it the oldest lines go. */
const lineLimit = 100_000;

/** The lines of a log as they come in pieces: plain text, a line that was written over shows what it ended as. */
export class LogLines {
	#lines: string[] = [];
	#open = '';
	#dropped = 0;

	/** Adds a piece; it may end anywhere, also within a line or a terminal code. */
	push(piece: string): void {
		const parts = (this.#open + piece).split('\n');
		this.#open = parts.pop()!;
		for (const line of parts) this.#lines.push(plainLine(line));
		if (this.#lines.length > lineLimit) {
			const surplus = this.#lines.length - lineLimit;
			this.#lines = this.#lines.slice(surplus);
			this.#dropped += surplus;
		}
	}

	/** All lines; the last one may still grow. */
	get lines(): readonly string[] {
		return this.#open === ''
			? this.#lines.slice()
			: [...this.#lines, plainLine(this.#open.replace(openCode, ''))];
	}

	/** How many of the oldest lines are not kept. */
	get dropped(): number {
		return this.#dropped;
	}
}

/** A line as it stands on a terminal: without codes; after a carriage return it is written anew. */
export function plainLine(line: string): string {
	const text = line.replace(terminalCodes, '').replace(/\r+$/, '');
	return text.slice(text.lastIndexOf('\r') + 1);
}
