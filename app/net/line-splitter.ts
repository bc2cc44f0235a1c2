/** Cuts a text that grows into its lines; empty lines are left out. */
export class LineSplitter {
	readonly #onLine: (line: string) => void;
	#text = '';
	#from = 0;

	constructor(onLine: (line: string) => void) {
		this.#onLine = onLine;
	}

	/** Takes the whole text as far as it is known and hands over each line that is complete by now, once. */
	push(text: string): void {
		this.#text = text;
		for (;;) {
			const end = text.indexOf('\n', this.#from);
			if (end < 0) return;
			const line = text.slice(this.#from, end);
			this.#from = end + 1;
			if (line.trim() !== '') this.#onLine(line);
		}
	}

	/** Hands over the last line where the text does not end with a line feed. */
	end(): void {
		const line = this.#text.slice(this.#from);
		this.#from = this.#text.length;
		if (line.trim() !== '') this.#onLine(line);
	}
}
