/** Any JSON value. */
export type Json =
	null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * The one spelling of a JSON value (RFC 8785): keys sorted by UTF-16 code units, numbers as ECMAScript
 * prints them, no white space. Equal values give equal text, so hashes and comparisons can rely on it.
 * Throws a TypeError on what JSON cannot say (NaN, Infinity, a lone surrogate).
 */
export function canonicalJson(value: Json): string {
	if (value === null || typeof value === 'boolean') return String(value);
	if (typeof value === 'number') {
		if (!Number.isFinite(value)) throw new TypeError('canonical JSON: a number that is not finite');
		return JSON.stringify(value);
	}
	if (typeof value === 'string') {
		if (!value.isWellFormed()) throw new TypeError('canonical JSON: a lone surrogate');
		return JSON.stringify(value);
	}
	if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
	const members = Object.keys(value)
		.filter((key) => value[key] !== undefined) // as JSON.stringify does: such a member is not there
		.sort()
		.map((key) => `${canonicalJson(key)}:${canonicalJson(value[key]!)}`);
	return `{${members.join(',')}}`;
}

function isArray(value: Json): value is readonly Json[] {
	return Array.isArray(value);
}
