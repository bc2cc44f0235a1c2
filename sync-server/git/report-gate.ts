/**
 * Holds back what tells a pusher that their push is done, until it is. git writes its report before our
 * folders are on disk; the report travels as packets (`<4 hex length><band 1>…`, or bare `unpack …` lines and the
 * closing `0000`), what the hooks print as packets of band 2, which go through at once, as do the empty packets
 * of band 1 that keep a long silence alive.
 */
export class ReportGate {
	#rest: Buffer = Buffer.alloc(0);
	readonly #held: Buffer[] = [];

	/** Takes what git wrote; gives what may go out now. */
	take(chunk: Buffer): Buffer {
		let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
		const passing: Buffer[] = [];
		while (bytes.length >= 4) {
			const length = Math.max(4, parseInt(bytes.toString('latin1', 0, 4), 16));
			if (Number.isNaN(length)) throw new Error('receive-pack wrote something else than packets');
			if (bytes.length < length) break;
			const packet = bytes.subarray(0, length);
			const isPassing = length > 4 && (packet[4] === 2 || (packet[4] === 1 && length === 5));
			(isPassing ? passing : this.#held).push(packet);
			bytes = bytes.subarray(length);
		}
		this.#rest = bytes;
		return Buffer.concat(passing);
	}

	/** What was held, for the moment when it is true. */
	release(): Buffer {
		return Buffer.concat([...this.#held, this.#rest]);
	}
}
