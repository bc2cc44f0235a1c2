import { expect, test } from 'vitest';
import { readReviewQuery, writeReviewQuery } from '#app/model/review-query.ts';

test('the address of a review list is read as it was written', () => {
	for (const query of [
		{ state: 'waiting' },
		{ state: 'settle', batch: 'b1' },
		{ state: 'returned', batch: 'b1', by: 'u1' },
	] as const)
		expect(readReviewQuery(writeReviewQuery(query), true)).toEqual(query);
	expect(readReviewQuery(new URLSearchParams('state=nonsense'), true)).toEqual({
		state: 'waiting',
	});
	expect(readReviewQuery(new URLSearchParams('state=waiting'), false)).toEqual({ state: 'settle' });
});
