import type { SubmissionEntry } from '#app/documents/parts/submissions.ts';
import type { VerdictEntry } from '#app/documents/parts/verdicts.svelte.ts';
import type { HistoryEntry } from '#shared/api/replies.ts';
import { corpusOf, type Corpus, type CurrentAnswer } from '#shared/corpus/corpus.ts';
import { answerGroups, type AnswerGroup } from './verdict-plan.ts';

interface StandingInput {
	/** Everything that was said about one item in one batch, as its document has it. */
	readonly said: readonly SubmissionEntry[];
	readonly verdictsOf: (submission: string) => readonly VerdictEntry[];
	readonly batch: string;
	/** Answers of the project count once a reviewer accepted them. */
	readonly reviews: boolean;
}

/** Where an item stands by what was said in one batch. */
export interface StandingHere {
	readonly state: Corpus['state'];
	/** The answer that counts. */
	readonly current: CurrentAnswer | undefined;
	/** The different answers of people who had not seen each other's, where it is to settle. */
	readonly beside: readonly AnswerGroup[];
}

/**
 * Where an item stands of which several things were said. Decided by the same function as on the server, from
 * the documents alone, so that it is known without a network and the moment the other's answer arrives.
 */
export function standingHere({ said, verdictsOf, batch, reviews }: StandingInput): StandingHere {
	const submissions = said.map((entry) => ({ ...entry, source: 'human' as const, batch }));
	const verdicts = said.flatMap(({ id }) => verdictsOf(id));
	const { state, heads, current } = corpusOf(submissions, verdicts, { reviews });
	if (state !== 'settle') return { state, current, beside: [] };
	const entries = submissions.flatMap(({ id, answer = null, ...more }): HistoryEntry[] =>
		heads.includes(id)
			? [
					{
						...more,
						submission: id,
						answer,
						isHead: true,
						isLate: false,
						isWithdrawn: false,
						verdicts: verdictsOf(id),
					},
				]
			: [],
	);
	return {
		state,
		current,
		beside: answerGroups(entries, (head) => (reviews ? head.verdicts : [])),
	};
}
