import type { HistoryEntry } from '#shared/api/replies.ts';
import { sameAnswer } from '#shared/schema/answer.ts';

/** One thing that happened to an item, for its timeline. */
export type ItemEvent =
	| { readonly kind: 'said'; readonly at: string; readonly entry: HistoryEntry }
	| {
			readonly kind: 'judged';
			readonly at: string;
			readonly user: string;
			readonly verdict: 'accepted' | 'returned';
			readonly note?: string;
			readonly entry: HistoryEntry;
	  };

/** Submissions and the verdicts on them, newest first; a verdict stands above what it judged. */
export function itemEvents(history: readonly HistoryEntry[]): ItemEvent[] {
	const events = history.flatMap((entry): ItemEvent[] => [
		{ kind: 'said', at: entry.at, entry },
		...entry.verdicts.map(({ user, kind, at, note }) => ({
			kind: 'judged' as const,
			at,
			user,
			verdict: kind,
			entry,
			...(note === undefined ? {} : { note }),
		})),
	]);
	return events.sort(
		(a, b) => b.at.localeCompare(a.at) || Number(a.kind === 'said') - Number(b.kind === 'said'),
	);
}

/** The submissions that stand beside each other with different answers; empty where there is nothing to settle. */
export function headsToSettle(history: readonly HistoryEntry[]): HistoryEntry[] {
	const heads = history.filter(
		({ isHead, isWithdrawn, isLate }) => isHead && !isWithdrawn && !isLate,
	);
	const said = heads.filter(({ answer }) => answer !== null);
	const [first] = said;
	if (!first) return [];
	const differ = said.some(({ answer }) => !sameAnswer(answer!, first.answer!));
	return differ || said.length < heads.length ? heads : [];
}
