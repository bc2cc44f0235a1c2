import { z } from 'zod';
import { splits } from '#shared/numbers/split.ts';
import type { ItemFilter } from '../tables/items.ts';
import { wholeNumber } from './number-text.ts';

const toolAndOption = z
	.string()
	.regex(/^[^:]{1,64}:.{1,64}$/, 'expected tool:option')
	.transform((text) => ({
		tool: text.slice(0, text.indexOf(':')),
		option: text.slice(text.indexOf(':') + 1),
	}));

/** The filters of items as an address carries them. */
export const itemFilterShape = z.object({
	q: z.string().max(500).optional(),
	state: z
		.enum(['pool', 'open', 'waiting', 'returned', 'labeled', 'settle', 'withdrawn'])
		.optional(),
	split: z.enum(splits).optional(),
	option: toolAndOption.optional(),
	batch: z.string().max(64).optional(),
	source: z.enum(['human', 'import', 'skim']).optional(),
	import: z.string().max(64).optional(),
}) satisfies z.ZodType<ItemFilter>;

/** Which page of a list: after the item with that number. */
export const pageShape = z.object({
	after: wholeNumber(0).default(0),
	limit: wholeNumber(1, 500).default(100),
});
