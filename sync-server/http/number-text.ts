import { z } from 'zod';

/**
 * A whole number as a query or a header carries it, `least` to `most`: decimal digits and nothing else.
 * `Number` alone would take `0x10`, `1e3`, blanks and the empty text.
 */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER) {
	return digits(/^\d{1,16}$/, {
		type: 'integer',
		minimum: least,
		...(most < Number.MAX_SAFE_INTEGER ? { maximum: most } : {}),
	}).pipe(z.number().min(least).max(most));
}

/** Any finite number, as JSON writes it. */
export const anyNumber = digits(/^-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?$/, { type: 'number' });

function digits(pattern: RegExp, described: Readonly<Record<string, unknown>>) {
	return z
		.custom<string>((text) => typeof text === 'string' && pattern.test(text), {
			error: `not ${described['type'] === 'integer' ? 'a whole number' : 'a number'}`,
		})
		.meta(described)
		.transform(Number);
}
