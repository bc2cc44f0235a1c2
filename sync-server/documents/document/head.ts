import { crc32 } from 'node:zlib';
import { formatCursor, type Cursor } from '#shared/wire/cursor.ts';
import { Frame } from '../connection/frame.ts';

interface HeadOptions {
	/** What was on disk when the document was opened. */
	readonly start: Cursor;
	/** Asks the log how far the document is. */
	readonly read: () => Promise<Cursor>;
	/** So long after a change, everybody hears of it. */
	readonly tellAfterMs: number;
	readonly tell: (frame: Frame) => void;
	readonly failed: (error: unknown) => void;
}

/**
 * How far a document is on disk. It is told now and then: an old cursor is as true as a new one, only the
 * way from it is longer.
 */
export class Head {
	readonly #options: HeadOptions;
	/** 0 until something is written: then the log has given it one. */
	#epoch: number;
	#seq: number;
	#check: number;
	#timer: NodeJS.Timeout | undefined;
	#isStopped = false;

	constructor(options: HeadOptions) {
		this.#options = options;
		this.#epoch = options.start.epoch;
		this.#seq = options.start.seq;
		this.#check = options.start.check;
	}

	get seq(): number {
		return this.#seq;
	}

	/** The checksum of the update with that number. */
	get check(): number {
		return this.#check;
	}

	/** What the log is called. */
	async epoch(): Promise<number> {
		if (this.#epoch === 0 && this.#seq > 0) this.#epoch = (await this.#options.read()).epoch;
		return this.#epoch;
	}

	/** Undefined where the log has not said yet what it is called. */
	get cursor(): Cursor | undefined {
		if (this.#epoch === 0 && this.#seq > 0) return undefined;
		return { epoch: this.#epoch, seq: this.#seq, check: this.#check };
	}

	/** The update with this number is on disk, and was sent to everybody or is about to be. */
	moveTo(seq: number, data: Uint8Array): void {
		this.#seq = seq;
		this.#check = crc32(data);
		this.#timer ??= setTimeout(() => void this.#tell(), this.#options.tellAfterMs).unref();
	}

	stop(): void {
		this.#isStopped = true;
		clearTimeout(this.#timer);
	}

	async #tell(): Promise<void> {
		this.#timer = undefined;
		try {
			await this.epoch();
		} catch (error) {
			this.#options.failed(error); // without a head nobody misses anything; the next change tries again
		}
		const { cursor } = this;
		if (cursor && !this.#isStopped)
			this.#options.tell(new Frame({ kind: 'head', cursor: formatCursor(cursor) }));
	}
}
