import type { Part } from '../access/access.ts';

/**
 * The keys of the three documents (design §4). Root types and flat keys only: two people who are apart
 * must never create the same container, or one of them loses everything in it.
 *
 *     draft     "<item>/r/<region>" | "<item>/v/<tool>"
 *     text      root "text/<item>/<tool>"
 *     submitted "<submission>"
 *     verdict   "<item>/<submission>/<user>"
 *     note      "<note>"
 */
export const rootMaps = {
	answers: ['draft', 'submitted'],
	verdicts: ['verdict'],
	notes: ['note'],
} as const satisfies Record<Part, readonly string[]>;

/** Maps whose entries are deleted by nobody and changed only by their author (S6). */
export const authoredMaps: readonly string[] = ['submitted', 'verdict', 'note'];

/** The draft key of a value given with a tool. */
export function valueKey(item: string, tool: string): string {
	return `${item}/v/${tool}`;
}

/** Reads a draft key of a value. */
export function parseValueKey(key: string): { item: string; tool: string } | undefined {
	const match = /^([A-Za-z0-9._:-]{1,128})\/v\/([^/]{1,64})$/.exec(key);
	return match ? { item: match[1]!, tool: match[2]! } : undefined;
}

/** The verdict key of one reviewer on one submission. */
export function verdictKey(item: string, submission: string, user: string): string {
	return `${item}/${submission}/${user}`;
}

/** Reads a verdict key. */
export function parseVerdictKey(
	key: string,
): { item: string; submission: string; user: string } | undefined {
	const match = /^([A-Za-z0-9._:-]{1,128})\/([A-Za-z0-9_-]{1,64})\/([A-Za-z0-9_-]{1,64})$/.exec(
		key,
	);
	return match ? { item: match[1]!, submission: match[2]!, user: match[3]! } : undefined;
}

/** True for the name of a root text: `text/<item>/<tool>`. */
export function isTextRoot(name: string): boolean {
	return /^text\/[A-Za-z0-9._:-]{1,128}\/[^/]{1,64}$/.test(name);
}
