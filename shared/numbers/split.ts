import { sha256Hex } from './hash.ts';

/** Which part of the corpus an item belongs to, for ever. */
export const splits = ['train', 'valid', 'gate'] as const;
export type Split = (typeof splits)[number];

/**
 * The split of an item that names none: `sha256("split:" + key)` as a fraction of 1, where the key is
 * its group, or its id without one. Below 0.8 train, below 0.9 valid, else gate. 13 hex digits are the
 * 52 bits that a number holds exactly.
 */
export function splitOf(key: string): Split {
	const fraction = parseInt(sha256Hex(`split:${key}`).slice(0, 13), 16) / 2 ** 52;
	if (fraction < 0.8) return 'train';
	return fraction < 0.9 ? 'valid' : 'gate';
}
