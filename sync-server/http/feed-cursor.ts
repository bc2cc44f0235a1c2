import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { FeedPosition } from '../tables/changes.ts';

const positionShape = z.strictObject({
	seq: z.number().int().min(0),
	after: z.string().optional(),
});

/**
 * Cursors of the change feed: a position, signed with a key of the installation over the epoch and the
 * person. A cursor of somebody else, of another epoch or made up reads as undefined.
 *
 *     cursor := base64url(JSON position) "." base64url(first 12 bytes of HMAC-SHA-256)
 */
export class FeedCursors {
	readonly #key: string;
	readonly #epoch: string;

	constructor(key: string, epoch: string) {
		this.#key = key;
		this.#epoch = epoch;
	}

	write(user: string, position: FeedPosition): string {
		const text = Buffer.from(JSON.stringify(position)).toString('base64url');
		return `${text}.${this.#sign(user, text).toString('base64url')}`;
	}

	read(user: string, cursor: string): FeedPosition | undefined {
		const [text = '', signature = ''] = cursor.split('.');
		const given = Buffer.from(signature, 'base64url');
		const right = this.#sign(user, text);
		if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
		const { seq, after } = positionShape.parse(
			JSON.parse(Buffer.from(text, 'base64url').toString('utf8')),
		);
		return after === undefined ? { seq } : { seq, after };
	}

	#sign(user: string, text: string): Buffer {
		return createHmac('sha256', this.#key)
			.update(`${this.#epoch}\n${user}\n${text}`)
			.digest()
			.subarray(0, 12);
	}
}
