import { open, type FileHandle } from 'node:fs/promises';
import { pieceBytes, type NextByte } from '#shared/api/runner-protocol.ts';

/** A full piece goes at once, a smaller one waits for more, but not longer than this. */
const everyMs = 500;

export interface Piece {
	/** From 1; the same number always comes with the same bytes. */
	readonly sequence: number;
	readonly offset: number;
	readonly data: Uint8Array;
}

export interface TailOptions {
	readonly path: string;
	/** Sends a piece, tries again as long as makes sense, answers where the other side goes on. */
	readonly send: (piece: Piece) => Promise<NextByte>;
	/** Told once when sending failed for good; the tail is over then. */
	readonly onFailure: (error: unknown) => void;
	readonly signal: AbortSignal;
}

/**
 * Follows a growing file and sends what is new, one piece under way at a time. The file may not be there yet.
 * Memory stays at one piece, however far the other side is behind.
 */
export class Tail {
	readonly #options: TailOptions;
	readonly #done: Promise<void>;
	#offset = 0;
	#sequence = 1;
	#isEnding = false;
	#wake: () => void = () => undefined;

	constructor(options: TailOptions) {
		this.#options = options;
		this.#done = this.#follow().catch((error: unknown) => options.onFailure(error));
	}

	/** How many bytes the other side has acknowledged. */
	get sentBytes(): number {
		return this.#offset;
	}

	/** Sends what is in the file by now and resolves when it has arrived or failed for good. */
	drain(): Promise<void> {
		this.#isEnding = true;
		this.#wake();
		return this.#done;
	}

	async #follow(): Promise<void> {
		const { path, signal } = this.#options;
		let file: FileHandle | undefined;
		try {
			for (;;) {
				if (signal.aborted) return;
				const isLast = this.#isEnding;
				file ??= await openIfThere(path);
				const hadMore = file ? await this.#sendNew(file) : false;
				if (isLast) return;
				if (!hadMore && !this.#isEnding) await this.#pause();
			}
		} finally {
			await file?.close();
		}
	}

	/** Sends pieces until the end of the file. */
	async #sendNew(file: FileHandle): Promise<boolean> {
		const { send, signal } = this.#options;
		let isAny = false;
		for (;;) {
			const { size } = await file.stat();
			const buffer = Buffer.alloc(Math.max(0, Math.min(pieceBytes, size - this.#offset)));
			const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset);
			if (bytesRead === 0) return isAny;
			isAny = true;
			const data = buffer.subarray(0, bytesRead);
			const { next, nextSequence } = await send({
				sequence: this.#sequence,
				offset: this.#offset,
				data,
			});
			this.#offset = next;
			this.#sequence = nextSequence ?? this.#sequence + 1;
			if (signal.aborted) return true;
			// What came meanwhile waits a moment, so that a chatty script makes few requests.
			if (bytesRead < pieceBytes) return false;
		}
	}

	#pause(): Promise<void> {
		return new Promise((resolve) => {
			const { signal } = this.#options;
			const wake = (): void => {
				clearTimeout(timer);
				signal.removeEventListener('abort', wake);
				resolve();
			};
			const timer = setTimeout(wake, everyMs);
			this.#wake = wake;
			signal.addEventListener('abort', wake, { once: true });
		});
	}
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
	try {
		return await open(path, 'r');
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
}
