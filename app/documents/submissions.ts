import type { Submitted } from '#shared/corpus/submission.ts';
import type { MapIndex } from './map-index.ts';

/** A submission with its id. `by` is what its author wrote; the server goes by the log. */
export interface SubmissionEntry extends Submitted {
	readonly id: string;
}

/** The submissions under these ids, oldest first. */
export function readSubmissions(
	index: MapIndex<Submitted>,
	ids: Iterable<string>,
): SubmissionEntry[] {
	const entries: SubmissionEntry[] = [];
	for (const id of ids) {
		const value = index.map.get(id);
		if (value) entries.push({ id, ...value });
	}
	return entries.sort(compare);
}

/** The last word on each item, newest first. */
export function latestPerItem(oldestFirst: readonly SubmissionEntry[]): SubmissionEntry[] {
	const latest = new Map(oldestFirst.map((entry) => [entry.item, entry]));
	return [...latest.values()].sort((a, b) => compare(b, a));
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
