import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
	firstToDo,
	isToDo,
	nextToDo,
	ratePerMinute,
	type ItemProgress,
} from '#app/workspace/progress.ts';

const progress = fc.constantFrom<ItemProgress>(
	'open',
	'answered',
	'skipped',
	'accepted',
	'returned',
	'others',
	'settle',
);

describe('where the desk goes next', () => {
	test('the next open item behind this one, around the end', () => {
		expect(nextToDo(['open', 'answered', 'open'], 0)).toBe(2);
		expect(nextToDo(['open', 'answered', 'answered'], 2)).toBe(0);
		expect(nextToDo(['answered', 'answered'], 0)).toBeUndefined();
	});
	test('it is always something to do, and never the item just left', () => {
		fc.assert(
			fc.property(fc.array(progress, { minLength: 1 }), fc.nat(), (list, at) => {
				const from = at % list.length;
				const next = nextToDo(list, from);
				const left = list.filter((state, index) => index !== from && isToDo(state)).length;
				if (next === undefined) expect(left).toBe(0);
				else expect(next !== from && isToDo(list[next]!)).toBe(true);
			}),
		);
	});
	test('returned answers come first', () => {
		expect(firstToDo(['open', 'returned'])).toBe(1);
		expect(firstToDo(['answered', 'open'])).toBe(1);
		expect(firstToDo(['answered'])).toBe(0);
	});
	test('a rate needs three answers', () => {
		expect(ratePerMinute([0, 10_000], 20_000)).toBeUndefined();
		expect(ratePerMinute([0, 10_000, 20_000], 30_000)).toBeCloseTo(6);
	});
});
