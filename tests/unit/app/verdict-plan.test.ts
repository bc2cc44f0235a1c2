import { describe, expect, test } from 'vitest';
import {
	acceptPlan,
	answerGroups,
	isNews,
	latestVerdict,
	returnPlan,
	type KnownVerdict,
} from '#app/model/verdict-plan.ts';
import type { HistoryEntry, ReviewEntry } from '#shared/api/replies.ts';
import { historyEntry } from '../../support/history-entry.ts';

/** The longer its name, the later it came. */
const head: typeof historyEntry = (submission, option, more) =>
	historyEntry(submission, option, {
		by: `author of ${submission}`,
		at: `2026-05-01T10:00:0${submission.length}.000Z`,
		...more,
	});
function entry(...heads: HistoryEntry[]): ReviewEntry {
	return {
		item: { id: 'r1', project: 'p', data: { text: 'x' }, split: 'train', state: 'waiting' },
		state: 'waiting',
		batch: 'b1',
		heads,
	};
}
function verdict(kind: KnownVerdict['kind'], user = 'u1', at = '2026-05-02T00:00:00.000Z') {
	return { kind, user, at } satisfies KnownVerdict;
}
const onServer = ({ verdicts }: HistoryEntry) => verdicts;

describe('what a reviewer has before them', () => {
	test('equal answers are one, the newest first', () => {
		const groups = answerGroups(entry(head('a', 'good'), head('bbb', 'good')).heads, onServer);
		expect(groups.map(({ heads }) => heads.map(({ submission }) => submission))).toEqual([
			['bbb', 'a'],
		]);
	});
	test('different answers stand beside each other', () => {
		expect(answerGroups(entry(head('a', 'good'), head('b', 'bad')).heads, onServer)).toHaveLength(
			2,
		);
	});
	test('a skip counts only where nobody answers beside it', () => {
		expect(answerGroups(entry(head('a', 'good'), head('b', null)).heads, onServer)).toHaveLength(1);
		expect(answerGroups(entry(head('b', null)).heads, onServer)[0]!.answer).toBeNull();
	});
	test('what was sent back no longer counts beside what was not', () => {
		const back = head('a', 'good', { verdicts: [verdict('returned')] });
		expect(
			answerGroups(entry(back, head('b', 'bad')).heads, onServer).map((group) => group.answer),
		).toEqual([head('b', 'bad').answer]);
		expect(answerGroups(entry(back).heads, onServer)).toHaveLength(1);
	});
});

describe('what is written', () => {
	test('choosing one of several accepts all who gave it and returns the others', () => {
		const here = entry(head('a', 'good'), head('b', 'bad', { batch: 'b2' }), head('cc', 'good'));
		const groups = answerGroups(here.heads, onServer);
		expect(acceptPlan(here, groups, 0)).toEqual([
			{ batch: 'b1', item: 'r1', submission: 'cc', kind: 'accepted' },
			{ batch: 'b1', item: 'r1', submission: 'a', kind: 'accepted' },
			{ batch: 'b2', item: 'r1', submission: 'b', kind: 'returned' },
		]);
	});
	test('the word on an imported answer goes where the item lies', () => {
		const here = entry(head('a', 'good', { source: 'import', batch: null }));
		expect(returnPlan(here, answerGroups(here.heads, onServer))).toEqual([
			{ batch: 'b1', item: 'r1', submission: 'a', kind: 'returned' },
		]);
	});
});

describe('words on one submission', () => {
	test('the newest counts, whatever the spelling of its time', () => {
		const older = verdict('returned', 'u1', '2026-05-02T00:00:00.500Z');
		const newer = verdict('accepted', 'u2', '2026-05-02T00:00:01Z');
		expect(latestVerdict([older, newer])).toBe(newer);
		expect(latestVerdict([newer, older])).toBe(newer);
		expect(latestVerdict([])).toBeUndefined();
	});
	test('a word that the server told of is no news, another one of the same person is', () => {
		const known = head('a', 'good', { verdicts: [verdict('accepted')] });
		expect(isNews(known, verdict('accepted'))).toBe(false);
		expect(isNews(known, verdict('returned', 'u1', '2026-05-03T00:00:00.000Z'))).toBe(true);
		expect(isNews(known, verdict('accepted', 'u2'))).toBe(true);
	});
});
