import { z } from 'zod';
import type { FeedPosition } from '../tables/changes.ts';
import { SealedCursors } from './sealed-cursor.ts';

const positionShape = z
	.strictObject({ seq: z.number().int().min(0), after: z.string().optional() })
	.transform(({ seq, after }): FeedPosition => (after === undefined ? { seq } : { seq, after }));

/** Cursors of the change feed. */
export class FeedCursors extends SealedCursors<FeedPosition> {
	constructor(secret: string, epoch: string) {
		super({ secret, epoch, purpose: 'feed cursors', shape: positionShape });
	}
}
