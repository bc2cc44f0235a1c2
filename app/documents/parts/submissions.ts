import { submittedShape, type Submitted } from '#shared/corpus/submission.ts';
import type { MapIndex } from './map-index.ts';

/** A submission with its id. `by` is what its author wrote; the server goes by the log. */
export interface SubmissionEntry extends Submitted {
	readonly id: string;
}

/** What was looked at once: a value of the document never changes. */
const known = new WeakMap<object, boolean>();

/** A script in the page may write anything; the server refuses it later, and until then it must not break the page. */
function isSubmitted(value: unknown): value is Submitted {
	if (typeof value !== 'object' || value === null) return false;
	const before = known.get(value);
	if (before !== undefined) return before;
	const isOne = submittedShape.safeParse(value).success;
	known.set(value, isOne);
	return isOne;
}

/** The submissions under these ids, oldest first. */
export function readSubmissions(
	index: MapIndex<Submitted>,
	ids: Iterable<string>,
): SubmissionEntry[] {
	const entries: SubmissionEntry[] = [];
	for (const id of ids) {
		const value = index.map.get(id);
		if (isSubmitted(value)) entries.push({ id, ...value });
	}
	return entries.sort(compare);
}

/**
 * The last word of several on one item: one that no other names as seen, so that a clock that runs wrong
 * does not put a correction before what it corrects; among several such, the newest.
 */
export function lastWord(oldestFirst: readonly SubmissionEntry[]): SubmissionEntry | undefined {
	if (oldestFirst.length <= 1) return oldestFirst[0];
	const seen = new Set(oldestFirst.flatMap(({ after }) => after));
	return oldestFirst.findLast(({ id }) => !seen.has(id)) ?? oldestFirst.at(-1);
}

/** The last word on each item, newest first. */
export function lastWordPerItem(oldestFirst: readonly SubmissionEntry[]): SubmissionEntry[] {
	return [...Map.groupBy(oldestFirst, ({ item }) => item).values()]
		.flatMap((entries) => lastWord(entries) ?? [])
		.sort((a, b) => compare(b, a));
}

/** What a new submission names as seen; where that is too much, the newest, which have seen the rest. */
export function namedAsSeen(seen: readonly string[], own: readonly SubmissionEntry[]): string[] {
	return [...new Set([...seen, ...own.map(({ id }) => id)])].slice(-1000);
}

/** The present time as documents carry it. */
export function timeNow(): string {
	return new Date().toISOString();
}

/** By time, and where two clocks agree by id, so that every device has the same order. */
function compare(a: SubmissionEntry, b: SubmissionEntry): number {
	return a.at < b.at ? -1 : a.at > b.at ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
