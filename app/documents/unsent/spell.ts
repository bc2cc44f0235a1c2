import { toBase64 } from 'lib0/buffer';
import type { Json } from '#shared/numbers/canonical-json.ts';

/** Any value as JSON text, also what JSON has no word for: a script may write anything into a document. */
export function spell(value: unknown, indent?: string): string {
	const spelled = JSON.stringify(
		value,
		(_key, one: unknown) =>
			typeof one === 'bigint' ? `${one}n` : one instanceof Uint8Array ? toBase64(one) : one,
		indent,
	) as string | undefined;
	return spelled ?? 'null';
}

/** True for what JSON can say exactly, not deeper than `levels`: no bytes, big integers or types of Yjs. */
export function isJson(value: unknown, levels = 32): value is Json {
	if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
	if (typeof value === 'number') return Number.isFinite(value);
	if (typeof value !== 'object' || levels === 0) return false;
	if (Array.isArray(value)) return value.every((one) => isJson(one, levels - 1));
	if (Object.getPrototypeOf(value) !== Object.prototype) return false;
	return Object.values(value).every((one) => isJson(one, levels - 1));
}

/** The value as far as JSON can say it: what IndexedDB and a file can keep. */
export function plain(value: unknown): unknown {
	return JSON.parse(spell(value));
}
