import { z } from 'zod';
import type { Json } from '../numbers/canonical-json.ts';
import { splits } from '../numbers/split.ts';
import { answerShape } from './answer.ts';
import { jsonObjectShape, textShape } from './json.ts';

const idPattern = /^[A-Za-z0-9._:-]{1,128}$/;

/**
 * True for an id that may be kept as it is; any other source id is hashed. `.` and `..` are hashed too: no
 * address could name them, since every URL parser takes them for folders.
 */
export function isItemId(value: unknown): value is string {
	return typeof value === 'string' && idPattern.test(value) && value !== '.' && value !== '..';
}

/** `data` is what is labeled: at least one field, any JSON, 1 MiB at most (checked where bytes are known). */
export const itemDataShape = jsonObjectShape
	.refine((data) => Object.keys(data).length > 0, 'data has no field')
	.refine(
		(data) => Object.keys(data).every((field) => field !== '' && field.length <= 64),
		'the name of a field has 1 to 64 characters',
	);

/** One line of an import (design §5): an item, with `answer` where it is already labeled. */
export const importLineShape = z.strictObject({
	id: z.union([textShape.min(1).max(1024), z.number()]).optional(),
	data: itemDataShape,
	meta: jsonObjectShape.optional(),
	group: textShape.min(1).max(256).optional(),
	split: z.enum(splits).optional(),
	answer: answerShape.optional(),
});

export type ItemData = z.infer<typeof itemDataShape>;

/** One immutable thing to label. */
export interface Item {
	readonly id: string;
	readonly data: ItemData;
	readonly meta?: Readonly<Record<string, Json>>;
	readonly group?: string;
	readonly split: (typeof splits)[number];
}

/** A reference to bytes in the blob store, as it stands in `data`. */
export const mediaShape = z.strictObject({
	blob: z.string().regex(/^[0-9a-f]{64}$/),
	type: z.string().regex(/^[a-z]+\/[a-z0-9.+-]+$/),
});
export type Media = z.infer<typeof mediaShape>;

/** The media named anywhere at the top level of an item's data. */
export function mediaOf(data: ItemData): Media[] {
	return Object.values(data).flatMap((value) => {
		const media = mediaShape.safeParse(value);
		return media.success ? [media.data] : [];
	});
}
