import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';
import type { z } from 'zod';

const cipher = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
/** Positions are padded to a multiple of this, so that the length tells nothing either. */
const blockBytes = 32;

interface SealOptions<T> {
	/** Of the installation. */
	readonly secret: string;
	readonly epoch: string;
	/** What the cursors are for: those of one purpose do not open as those of another. */
	readonly purpose: string;
	readonly shape: z.ZodType<T>;
}

/**
 * Cursors: positions, sealed with a key of the installation for one person and epoch. A cursor of somebody else,
 * of another epoch or made up reads as undefined. Nobody can read one: the numbers in it would tell a blind
 * labeler how much others do.
 *
 *     cursor := base64url(nonce • AES-256-GCM(JSON position) • tag)
 *
 * The nonce is made of what is sealed, so that a position has one cursor and no nonce serves for two positions.
 */
export class SealedCursors<T> {
	readonly #options: SealOptions<T>;
	readonly #key: Buffer;

	constructor(options: SealOptions<T>) {
		this.#options = options;
		this.#key = createHash('sha256').update(`${options.purpose}\n${options.secret}`).digest();
	}

	write(user: string, position: T): string {
		const json = JSON.stringify(position);
		const text = json.padEnd(Math.ceil(json.length / blockBytes) * blockBytes);
		const bound = this.#boundTo(user);
		const nonce = createHmac('sha256', this.#options.secret)
			.update(`${bound}\n${text}`)
			.digest()
			.subarray(0, nonceBytes);
		const sealing = createCipheriv(cipher, this.#key, nonce).setAAD(Buffer.from(bound));
		const sealed = [sealing.update(text, 'utf8'), sealing.final()];
		return Buffer.concat([nonce, ...sealed, sealing.getAuthTag()]).toString('base64url');
	}

	read(user: string, cursor: string): T | undefined {
		const bytes = Buffer.from(cursor, 'base64url');
		// Decoding passes over what is no base64url: then it is not what was written.
		if (bytes.length <= nonceBytes + tagBytes || bytes.toString('base64url') !== cursor)
			return undefined;
		const opening = createDecipheriv(cipher, this.#key, bytes.subarray(0, nonceBytes))
			.setAAD(Buffer.from(this.#boundTo(user)))
			.setAuthTag(bytes.subarray(-tagBytes));
		const sealed = bytes.subarray(nonceBytes, -tagBytes);
		let text: string;
		try {
			text = Buffer.concat([opening.update(sealed), opening.final()]).toString('utf8');
		} catch {
			return undefined; // the seal is broken: it is not ours, or not theirs
		}
		return this.#options.shape.parse(JSON.parse(text));
	}

	#boundTo(user: string): string {
		return `${this.#options.epoch}\n${user}`;
	}
}
