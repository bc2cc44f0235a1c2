import { expect, test } from 'vitest';
import {
	documentWords,
	waitingLines,
	waitingText,
	whyWaiting,
	workFileName,
} from '#app/model/waiting-words.ts';
import { entryWords, takeInTotals } from '#app/model/take-in-words.ts';

test('why something waits is what must go away first', () => {
	const calm = { block: null, isOutOfRoom: false, isOnline: true, isSignedIn: true } as const;
	expect(whyWaiting(calm)).toBe('sending');
	expect(whyWaiting({ ...calm, isOnline: false })).toBe('offline');
	expect(whyWaiting({ ...calm, isOnline: false, isSignedIn: false })).toBe('signed-out');
	expect(whyWaiting({ ...calm, block: 'signed-out' })).toBe('signed-out');
	expect(whyWaiting({ ...calm, block: 'not-found', isOnline: false })).toBe('not-found');
	expect(whyWaiting({ ...calm, block: 'refused' })).toBe('refused');
	expect(whyWaiting({ ...calm, stored: 'saving', block: 'not-found' })).toBe('saving');
	expect(whyWaiting({ ...calm, stored: 'not saved' })).toBe('not-saved');
	expect(whyWaiting({ ...calm, stored: 'not saved', isOutOfRoom: true })).toBe('no-room');
	const refusal = { code: 4, reason: 'You may not write this document' };
	expect(waitingText('refused', refusal)).toMatch(/^You may not write this document\. The server/);
	expect(waitingText('offline', refusal)).toMatch(/^Safe on this device/);
});

test('a document is named by its batch, and by its id where the batch is not known', () => {
	const names = new Map([['b1', 'Week 12']]);
	expect(documentWords('reviews/b1/notes', names)).toEqual({
		batch: 'Week 12',
		what: 'notes',
		project: 'reviews',
		path: '/projects/reviews/label/b1',
	});
	expect(documentWords('reviews/b2/answers', names).batch).toBe('b2');
	expect(workFileName('unsent', 'ann/..', new Date('2030-02-01T00:00:00Z'))).toBe(
		'unsent-ann-2030-02-01.json',
	);
});

test('what a file brings is told by kind and by author', () => {
	const answer = { map: 'submitted', key: 's', value: { answer: {} } };
	const skip = { map: 'submitted', key: 's', value: { skipped: true } };
	const draft = { map: 'draft', key: 'r1/v/a', value: 1 };
	expect(entryWords([answer, answer, skip, draft])).toBe('2 answers, 1 skip, 1 draft value');
	const name = { project: 'p', batch: 'b', part: 'answers' } as const;
	const counts = { known: 1, foreign: 2, unreadable: 0 };
	const totals = takeInTotals([
		{
			name,
			kind: 'ready',
			plan: { own: [answer], adopted: new Map([['bob', [skip]]]), ...counts },
		},
		{ name, kind: 'ready', plan: { own: [], adopted: new Map([['bob', [answer]]]), ...counts } },
		{ name, kind: 'not-yours' },
		{ name, kind: 'needs-server' },
	]);
	expect(totals.own).toEqual([answer]);
	expect(totals.adopted.get('bob')).toEqual([skip, answer]);
	expect([totals.known, totals.foreign]).toEqual([2, 4]);
	expect([totals.notYours.length, totals.needServer.length]).toEqual([1, 1]);
});

test('what is nowhere but in this page comes first', () => {
	const now = { isOutOfRoom: true, isOnline: false, isSignedIn: true };
	const row = (document: string, since: string) => {
		return { document, since, changes: 1, block: null, refusal: null };
	};
	const waiting = [row('p/b1/answers', '1'), row('p/b2/answers', '2'), row('p/b2/notes', '3')];
	const open = { saving: ['p/b2/notes'], notSaved: ['p/b3/answers', 'p/b2/answers'] };
	expect(
		waitingLines(waiting, open, now).map(({ document, changes, reason }) => [
			document,
			changes,
			reason,
		]),
	).toEqual([
		['p/b3/answers', undefined, 'no-room'],
		['p/b2/answers', 1, 'no-room'],
		['p/b1/answers', 1, 'offline'],
		['p/b2/notes', 1, 'saving'],
	]);
});
