import type { HistoryEntry, ReviewEntry } from '#shared/api/replies.ts';
import type { VerdictValue } from '#shared/corpus/submission.ts';
import { canonicalAnswer, type Answer } from '#shared/schema/answer.ts';

/** A reviewer's word, from the server or from a document on this device. */
export interface KnownVerdict extends VerdictValue {
	readonly user: string;
}

/** One of the answers that stand beside each other, with everyone who gave it. */
export interface AnswerGroup {
	/** Null: passed over. */
	readonly answer: Answer | null;
	/** Newest first. */
	readonly heads: readonly HistoryEntry[];
}

/** What is to be written about one submission, and into which batch's document. */
export interface PlannedVerdict {
	readonly batch: string;
	readonly item: string;
	readonly submission: string;
	readonly kind: VerdictValue['kind'];
}

/** The newest word on each submission, of those the server knew and those on this device. */
export type VerdictsOf = (head: HistoryEntry) => readonly KnownVerdict[];

/** The newest word on a submission; by user where two clocks agree, as the corpus decides it. */
export function latestVerdict(verdicts: readonly KnownVerdict[]): KnownVerdict | undefined {
	return [...verdicts].sort((a, b) => {
		const later = Date.parse(b.at) - Date.parse(a.at);
		return later !== 0 ? later : a.user < b.user ? 1 : -1;
	})[0];
}

/**
 * The answers a reviewer has before them: equal ones are one. A skip counts only where nobody answers
 * beside it, and what was sent back no longer counts beside what was not.
 */
export function answerGroups(
	heads: readonly HistoryEntry[],
	verdictsOf: VerdictsOf,
): AnswerGroup[] {
	const answered = heads.filter(({ answer }) => answer !== null);
	const asked = answered.length > 0 ? answered : heads;
	const open = asked.filter((head) => latestVerdict(verdictsOf(head))?.kind !== 'returned');
	const groups = new Map<string, HistoryEntry[]>();
	for (const head of open.length > 0 ? open : asked) {
		const key = head.answer === null ? '' : canonicalAnswer(head.answer);
		groups.set(key, [...(groups.get(key) ?? []), head]);
	}
	return [...groups.values()].map((same) => ({
		answer: same[0]!.answer,
		heads: same.toSorted((a, b) => (a.at < b.at ? 1 : -1)),
	}));
}

/** Accepts one of the answers; with several, the others go back to their authors. */
export function acceptPlan(
	entry: ReviewEntry,
	groups: readonly AnswerGroup[],
	chosen: number,
): PlannedVerdict[] {
	return groups.flatMap(({ heads }, index) =>
		heads.map((head) => planned(entry, head, index === chosen ? 'accepted' : 'returned')),
	);
}

/** Sends every answer back that was not sent back yet. */
export function returnPlan(entry: ReviewEntry, groups: readonly AnswerGroup[]): PlannedVerdict[] {
	return groups.flatMap(({ heads }) => heads.map((head) => planned(entry, head, 'returned')));
}

/** What was given once, anywhere, for the list: a reviewer's word that the server had not heard of yet. */
export function isNews(head: HistoryEntry, verdict: KnownVerdict): boolean {
	return !head.verdicts.some(({ user, at }) => user === verdict.user && at === verdict.at);
}

/** An imported answer has no batch: the word on it goes where the item lies. */
function planned(
	entry: ReviewEntry,
	head: HistoryEntry,
	kind: VerdictValue['kind'],
): PlannedVerdict {
	return {
		batch: head.batch ?? entry.batch,
		item: entry.item.id,
		submission: head.submission,
		kind,
	};
}
