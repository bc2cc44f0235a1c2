import { expect, test } from 'vitest';
import { headsToSettle, itemEvents } from '#app/model/item-history.ts';
import { historyEntry } from '../../support/history-entry.ts';

const said: typeof historyEntry = (submission, option, more) =>
	historyEntry(submission, option, { by: 'mira', at: '2026-01-01T10:00:00.000Z', ...more });

test('a timeline is newest first, a verdict above what it judged', () => {
	const at = '2026-01-01T10:00:00.000Z';
	const events = itemEvents([
		said('s1', 'positive', {
			verdicts: [{ user: 'jo', kind: 'returned', at, note: 'look again' }],
		}),
		said('s2', 'negative', { at: '2026-01-02T10:00:00.000Z' }),
	]);
	expect(events.map((event) => `${event.kind} ${event.entry.submission}`)).toEqual([
		'said s2',
		'judged s1',
		'said s1',
	]);
	expect(events[1]).toMatchObject({ verdict: 'returned', note: 'look again', user: 'jo' });
});

test('different heads are to settle; equal ones, late ones and seen ones are not', () => {
	const two = [said('s1', 'positive'), said('s2', 'negative')];
	expect(headsToSettle(two)).toHaveLength(2);
	expect(headsToSettle([said('s1', 'positive'), said('s2', 'positive')])).toEqual([]);
	expect(headsToSettle([two[0]!, { ...two[1]!, isLate: true }])).toEqual([]);
	expect(headsToSettle([two[0]!, { ...two[1]!, isHead: false }])).toEqual([]);
	expect(headsToSettle([said('s1', 'positive'), said('s2', null)])).toHaveLength(2);
	expect(headsToSettle([])).toEqual([]);
});
