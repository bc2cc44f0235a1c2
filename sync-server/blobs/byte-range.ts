import type { ByteRange } from './blob-store.ts';

/**
 * Reads a `Range` header with one range: `bytes=0-99`, `bytes=100-`, `bytes=-50`. Undefined where there is none, or one
 * that a server may leave aside (several ranges, another unit): the whole is sent then.
 */
export function readRange(
	header: string | null | undefined,
	sizeBytes: number,
): ByteRange | 'unsatisfiable' | undefined {
	const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
	if (!match) return undefined;
	const [first, last] = [match[1]!, match[2]!];
	if (first === '' && last === '') return undefined;
	const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
	const end = first === '' || last === '' ? sizeBytes : Math.min(sizeBytes, Number(last) + 1);
	return start < end ? { start, end } : 'unsatisfiable';
}
