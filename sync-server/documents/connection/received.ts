const documentBytes = 16 * 1024 * 1024;
const totalBytes = 64 * 1024 * 1024;

export interface ReceivedLimits {
	/** Of all clients of one document (16 MB). */
	readonly documentBytes?: number;
	/** Of everybody (64 MB). */
	readonly totalBytes?: number;
}

/**
 * What came from clients and is not on disk yet, whatever it waits for: rights, a document that is loaded,
 * the gate, a commit. Beyond a limit no more is read from the sockets. What is here gets done without
 * anything more being read, so that a pause always ends; the longest paused goes on first, one in each turn.
 */
export class Received {
	readonly #limits: Required<ReceivedLimits>;
	readonly #ofDocument = new Map<string, number>();
	readonly #paused = new Set<Share>();
	#bytes = 0;
	#isResuming = false;

	constructor(limits: ReceivedLimits = {}) {
		this.#limits = { documentBytes, totalBytes, ...limits };
	}

	/** Bytes of everybody. */
	get bytes(): number {
		return this.#bytes;
	}

	/** How many connections wait for it to become less. */
	get paused(): number {
		return this.#paused.size;
	}

	/** What one connection has a part in; `resume` is called when it may be read from again. */
	share(document: string, resume: () => void): Share {
		return new Share(this, document, resume);
	}

	/** False where there is too much; then it waits for its turn. */
	mayRead(share: Share): boolean {
		if (!this.#isFull(share.document)) return true;
		this.#paused.add(share);
		return false;
	}

	add(document: string, bytes: number): void {
		this.#bytes += bytes;
		const ofDocument = (this.#ofDocument.get(document) ?? 0) + bytes;
		if (ofDocument > 0) this.#ofDocument.set(document, ofDocument);
		else this.#ofDocument.delete(document);
		if (bytes < 0) this.#resumeSoon();
	}

	leave(share: Share): void {
		this.#paused.delete(share);
	}

	#isFull(document: string): boolean {
		return (
			this.#bytes > this.#limits.totalBytes ||
			(this.#ofDocument.get(document) ?? 0) > this.#limits.documentBytes
		);
	}

	/** One at a time: all at once would bring as much again. */
	#resumeSoon(): void {
		if (this.#isResuming || this.#paused.size === 0) return;
		this.#isResuming = true;
		setImmediate(() => {
			this.#isResuming = false;
			for (const share of this.#paused) {
				if (this.#isFull(share.document)) continue;
				this.#paused.delete(share);
				share.resume();
				return this.#resumeSoon();
			}
		});
	}
}

/** What one connection has received and not got rid of. */
export class Share {
	readonly document: string;
	readonly resume: () => void;
	readonly #received: Received;
	#bytes = 0;

	constructor(received: Received, document: string, resume: () => void) {
		this.#received = received;
		this.document = document;
		this.resume = resume;
	}

	/** False where the document or the server has too much; `resume` is called when that is over. */
	get mayRead(): boolean {
		return this.#received.mayRead(this);
	}

	/** So much came. */
	hold(bytes: number): void {
		this.#bytes += bytes;
		this.#received.add(this.document, bytes);
	}

	/** So much was done with. */
	release(bytes: number): void {
		// After the end everything was let go of at once.
		const held = Math.min(bytes, this.#bytes);
		this.#bytes -= held;
		if (held > 0) this.#received.add(this.document, -held);
	}

	/** The connection is gone, with everything that was left of it. */
	leave(): void {
		this.#received.leave(this);
		this.release(this.#bytes);
	}
}
