import * as Y from 'yjs';
import type { StoredUpdate } from './stored-update.ts';

/** Clocks of one Yjs client that came in together: from `clock` up to, not including, `until`. */
export interface AuthorRange {
	readonly client: number;
	readonly clock: number;
	readonly until: number;
	/** Who sent them. */
	readonly user: string;
	/** When the first of them was received, by the server's clock; the others within the same minute. */
	readonly at: number;
}

/** What one user sends through one client in one minute of the clock is one range: these grow with time, not with keys pressed. */
const togetherMs = 60_000;
const minuteOf = (at: number): number => Math.floor(at / togetherMs);

/** The ranges that updates brought, joined where they may be. Throws on bytes that are no update. */
export function authorsOf(
	updates: readonly Pick<StoredUpdate, 'user' | 'at' | 'data'>[],
): AuthorRange[] {
	const ranges: AuthorRange[] = [];
	const newest = new Map<number, number>();
	for (const { user, at, data } of updates) {
		const { from, to } = Y.parseUpdateMeta(data);
		for (const [client, clock] of from) {
			const range = { client, clock, until: to.get(client) ?? clock, user, at };
			const place = newest.get(client);
			const joined = joinAuthors(place === undefined ? undefined : ranges[place], range);
			if (joined?.kind === 'longer') ranges[place!] = joined.range;
			if (joined?.kind !== 'another') continue;
			newest.set(client, ranges.length);
			ranges.push(joined.range);
		}
	}
	return ranges;
}

/**
 * What a client's newest range becomes with the one that follows it; undefined where that brings nothing. What
 * is known already stays with who sent it first.
 */
export function joinAuthors(
	last: AuthorRange | undefined,
	next: AuthorRange,
): { readonly kind: 'longer' | 'another'; readonly range: AuthorRange } | undefined {
	const clock = Math.max(next.clock, last?.until ?? 0);
	if (clock >= next.until) return undefined;
	const isTogether =
		last?.until === clock && last.user === next.user && minuteOf(last.at) === minuteOf(next.at);
	return isTogether
		? { kind: 'longer', range: { ...last, until: next.until } }
		: { kind: 'another', range: { ...next, clock } };
}

/** Answers who brought a piece of a document, and when. */
export class Authors {
	readonly #byClient = new Map<number, AuthorRange[]>();

	/** `ranges` of one client are in the order of their clocks. */
	constructor(ranges: Iterable<AuthorRange>) {
		for (const range of ranges) {
			const known = this.#byClient.get(range.client);
			if (known) known.push(range);
			else this.#byClient.set(range.client, [range]);
		}
	}

	/** The range that holds a clock; undefined where it came before ranges were kept. */
	find(client: number, clock: number): AuthorRange | undefined {
		const ranges = this.#byClient.get(client) ?? [];
		let [low, high] = [0, ranges.length];
		while (low < high) {
			const middle = (low + high) >> 1;
			if (ranges[middle]!.until <= clock) low = middle + 1;
			else high = middle;
		}
		const found = ranges[low];
		return found && found.clock <= clock ? found : undefined;
	}
}
