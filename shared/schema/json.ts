import { z } from 'zod';
import type { Json } from '../numbers/canonical-json.ts';

/** Deeper values could overflow the stack of who walks them; nothing one labels comes near. */
const depthLimit = 64;

interface Flaw {
	readonly path: readonly (string | number)[];
	readonly message: string;
}

/**
 * Any JSON value that can be kept exactly: finite numbers, well-formed text, at most 64 levels, no key that
 * JavaScript would take for a prototype. Checked by hand because a library that copies drops such a key
 * without a word, and overflows on depth.
 */
export const jsonShape: z.ZodType<Json> = z.custom<Json>().superRefine(refuseFlaws);

/** Text that UTF-8 can carry. */
export const textShape = z
	.string()
	.refine((text) => text.isWellFormed(), 'text with a lone surrogate');

/** A JSON object under the same rules. */
export const jsonObjectShape: z.ZodType<Readonly<Record<string, Json>>> = z
	.custom<Readonly<Record<string, Json>>>(isObject, 'not an object')
	.superRefine(refuseFlaws);

/** Adds what keeps a value from being kept exactly, with its path, to what is wrong with it. */
export function refuseFlaws(value: unknown, context: z.RefinementCtx): void {
	const flaw = flawOf(value, depthLimit);
	if (flaw) context.addIssue({ code: 'custom', path: [...flaw.path], message: flaw.message });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function flawOf(value: unknown, levels: number): Flaw | undefined {
	if (value === null || typeof value === 'boolean') return undefined;
	if (typeof value === 'number')
		return Number.isFinite(value) ? undefined : flaw('a number that is not finite');
	if (typeof value === 'string')
		return value.isWellFormed() ? undefined : flaw('text with a lone surrogate');
	if (typeof value !== 'object') return flaw('not a JSON value');
	if (levels === 0) return flaw(`nested deeper than ${depthLimit} levels`);
	if (Array.isArray(value)) {
		for (let n = 0; n < value.length; n += 1) {
			const inner = flawOf(value[n], levels - 1);
			if (inner) return { ...inner, path: [n, ...inner.path] };
		}
		return undefined;
	}
	for (const [key, member] of Object.entries(value)) {
		if (key === '__proto__') return flaw('the key __proto__ is not allowed');
		if (!key.isWellFormed()) return flaw('a key with a lone surrogate');
		const inner = flawOf(member, levels - 1);
		if (inner) return { ...inner, path: [key, ...inner.path] };
	}
	return undefined;
}

function flaw(message: string): Flaw {
	return { path: [], message };
}
