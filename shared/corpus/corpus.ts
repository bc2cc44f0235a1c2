import { canonicalAnswer, type Answer } from '../schema/answer.ts';
import { canonicalJson, type Json } from '../numbers/canonical-json.ts';
import { pastOf, type Past } from './past.ts';
import type { Submission, Verdict } from './submission.ts';

/** Where an item stands, and what the corpus says about it (design §2). */
export interface Corpus {
	readonly state: 'pool' | 'waiting' | 'returned' | 'labeled' | 'settle';
	/** The submissions that no other one names as seen, by id: what the next author is to name. */
	readonly heads: readonly string[];
	/** The current answer. `settle`, `waiting` and `returned` keep what was agreed before, if anything was. */
	readonly current?: CurrentAnswer;
}

export interface CurrentAnswer {
	readonly answer: Answer;
	/** User ids of all who gave this answer, sorted. */
	readonly by: readonly string[];
	readonly source: Submission['source'];
	/** When it was last given. */
	readonly at: string;
	/** The submissions that say it, by id. */
	readonly submissions: readonly string[];
}

type State = Corpus['state'];
interface Standing {
	readonly state: State;
	readonly current?: CurrentAnswer;
}
type VerdictKind = Verdict['kind'] | undefined;

/**
 * What the durable submissions and verdicts of one item amount to. Pure and total: their order, repeated
 * ones and whatever stands in `after` change nothing but the meaning. Late and withdrawn submissions are as
 * if they had never been made.
 *
 * Equal answers of several heads are one answer; different ones are to be settled by a person and the corpus
 * keeps what all of them had seen. A skip counts only where nobody answers beside it. With `reviews` an
 * answer of a person counts once its newest verdict accepts it; an import or a skim counts until returned.
 */
export function corpusOf(
	submissions: readonly Submission[],
	verdicts: readonly Verdict[],
	options: { readonly reviews: boolean },
): Corpus {
	const counted = countedOf(submissions);
	if (counted.length === 0) return { state: 'pool', heads: [] };
	const past = pastOf(counted);
	const heads = past.headsOf([...counted.keys()]);
	const standing = options.reviews
		? reviewed(counted, past, heads, verdictsOf(counted, verdicts))
		: unreviewed(counted, past, heads);
	return { ...standing, heads: heads.map((head) => counted[head]!.id) };
}

/** Nobody answers one item more often in earnest; without a bound one person could stop the server with it. */
const perAuthorLimit = 200;

/** Without late, withdrawn and repeated ones, of each author the newest 200, by id. */
function countedOf(submissions: readonly Submission[]): Submission[] {
	const byId = new Map<string, Submission>();
	for (const submission of submissions) {
		if (submission.isWithdrawn || submission.isLate) continue;
		const known = byId.get(submission.id);
		// The log never holds two different ones under an id; should it, one wins whatever the order.
		if (known === undefined || (known !== submission && spell(submission) < spell(known)))
			byId.set(submission.id, submission);
	}
	const made = new Map<string, number>();
	return [...byId.values()]
		.sort((a, b) => byTime(b, a))
		.filter(({ by }) => {
			const count = (made.get(by) ?? 0) + 1;
			made.set(by, count);
			return count <= perAuthorLimit;
		})
		.sort((a, b) => byText(a.id, b.id));
}

function unreviewed(all: readonly Submission[], past: Past, heads: readonly number[]): Standing {
	const answers = heads.filter((head) => all[head]!.answer !== undefined);
	if (answers.length === 0) return { state: 'pool' };
	if (distinct(all, answers) === 1) return { state: 'labeled', current: merged(all, answers) };
	const agreed = past.headsOf(past.sharedPastOf(answers));
	return withCurrent('settle', unreviewed(all, past, agreed).current);
}

function reviewed(
	all: readonly Submission[],
	past: Past,
	heads: readonly number[],
	verdicts: readonly VerdictKind[],
): Standing {
	const isAccepted = (one: number): boolean =>
		verdicts[one] === 'accepted' || (verdicts[one] === undefined && all[one]!.source !== 'human');
	const answers = heads.filter((head) => all[head]!.answer !== undefined);
	const asked = answers.length > 0 ? answers : heads;
	const open = asked.filter((head) => verdicts[head] !== 'returned');
	const before = () => latestAccepted(all, past, asked, isAccepted);

	if (open.length === 0)
		return heads.length === 0 ? { state: 'pool' } : withCurrent('returned', before());
	if (answers.length === 0) {
		// A skip takes an accepted answer out of the corpus only when it is accepted itself.
		const kept = open.some(isAccepted) ? undefined : before();
		return kept ? { state: 'waiting', current: kept } : { state: 'pool' };
	}
	const accepted = open.filter(isAccepted);
	if (distinct(all, open) === 1)
		return accepted.length > 0
			? { state: 'labeled', current: merged(all, open) }
			: withCurrent('waiting', before());
	// One accepted answer stays while others contradict it; two accepted ones leave what both had seen.
	if (distinct(all, accepted) === 1) return { state: 'settle', current: merged(all, accepted) };
	const agreed = past.headsOf(past.sharedPastOf(open));
	return withCurrent('settle', reviewed(all, past, agreed, verdicts).current);
}

/** The latest accepted answer that came before any of `heads`: by what its author had seen, then by time. */
function latestAccepted(
	all: readonly Submission[],
	past: Past,
	heads: readonly number[],
	isAccepted: (one: number) => boolean,
): CurrentAnswer | undefined {
	const earlier = [...all.keys()].filter(
		(one) => !heads.includes(one) && isAccepted(one) && heads.some((head) => past.saw(head, one)),
	);
	const [newest, ...rest] = past.headsOf(earlier).sort((a, b) => byTime(all[b]!, all[a]!));
	if (newest === undefined || all[newest]!.answer === undefined) return undefined;
	return merged(all, [newest, ...rest.filter((one) => distinct(all, [newest, one]) === 1)]);
}

/** The newest verdict on each, by time, then by user. */
function verdictsOf(all: readonly Submission[], verdicts: readonly Verdict[]): VerdictKind[] {
	const newest = new Map<string, Verdict>();
	for (const verdict of verdicts) {
		const known = newest.get(verdict.submission);
		if (known === undefined || byVerdictTime(known, verdict) < 0)
			newest.set(verdict.submission, verdict);
	}
	return all.map(({ id }) => newest.get(id)?.kind);
}

/** How many different answers these give; a skip is one more. */
function distinct(all: readonly Submission[], some: readonly number[]): number {
	if (some.length < 2) return some.length;
	return new Set(some.map((one) => spellAnswer(all[one]!))).size;
}

/** One answer, given by all of these. */
function merged(all: readonly Submission[], some: readonly number[]): CurrentAnswer {
	const given = some.map((one) => all[one]!).sort((a, b) => byTime(b, a));
	const newest = given[0]!;
	const sources = new Set(given.map(({ source }) => source));
	return {
		answer: newest.answer!,
		by: [...new Set(given.map(({ by }) => by))].sort(byText),
		source: sources.has('human') ? 'human' : sources.has('import') ? 'import' : 'skim',
		at: newest.at,
		submissions: given.map(({ id }) => id).sort(byText),
	};
}

function withCurrent(state: State, current: CurrentAnswer | undefined): Standing {
	return current ? { state, current } : { state };
}

function spell(submission: Submission): string {
	return canonicalJson(JSON.parse(JSON.stringify(submission)) as Json);
}

function spellAnswer({ answer }: Submission): string {
	return answer === undefined ? '' : canonicalAnswer(answer);
}

function byText(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}

/** Times may be written with and without fractions of a second, so they are compared as times. */
function byTime(a: Submission, b: Submission): number {
	return (Date.parse(a.at) || 0) - (Date.parse(b.at) || 0) || byText(a.id, b.id);
}

function byVerdictTime(a: Verdict, b: Verdict): number {
	return (
		(Date.parse(a.at) || 0) - (Date.parse(b.at) || 0) ||
		byText(a.user, b.user) ||
		byText(a.kind, b.kind)
	);
}
