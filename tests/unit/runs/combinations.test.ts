import { expect, test } from 'vitest';
import { combinations } from '#sync-server/runs/combinations.ts';

test('a sweep has every combination once, over the other parameters', () => {
	expect(combinations({ lr: 9, seed: 1 }, { lr: [1, 2], depth: ['a', 'b'] })).toEqual([
		{ lr: 1, seed: 1, depth: 'a' },
		{ lr: 1, seed: 1, depth: 'b' },
		{ lr: 2, seed: 1, depth: 'a' },
		{ lr: 2, seed: 1, depth: 'b' },
	]);
});

test('without a sweep there is one run', () => {
	expect(combinations({ lr: 1 }, undefined)).toEqual([{ lr: 1 }]);
});
