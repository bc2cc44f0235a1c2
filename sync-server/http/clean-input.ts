import { z } from 'zod';
import { refuseFlaws } from '#shared/schema/json.ts';

type Path = readonly (string | number)[];

/**
 * Input whose text every store keeps exactly: SQLite would change a lone surrogate, git and processes cut at
 * a NUL, and a key like `__proto__` is dropped by who copies. Checked once, before any call's own schema.
 */
export const cleanShape = z.unknown().superRefine((value, context) => {
	refuseFlaws(value, context);
	if (context.issues.length > 0) return;
	const path = nulIn(value, []);
	if (path) context.addIssue({ code: 'custom', path: [...path], message: 'text with a NUL' });
});

/** Where a NUL stands; the value is known to be no deeper than `refuseFlaws` lets through. */
function nulIn(value: unknown, path: Path): Path | undefined {
	if (typeof value === 'string') return value.includes('\0') ? path : undefined;
	if (typeof value !== 'object' || value === null) return undefined;
	const members: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
		? [...(value as unknown[]).entries()]
		: Object.entries(value);
	for (const [key, member] of members) {
		const found = String(key).includes('\0') ? path : nulIn(member, [...path, key]);
		if (found) return found;
	}
	return undefined;
}
