import { describe, expect, test } from 'vitest';
import { batchesMade, batchRequest, formProblem, type NewBatchForm } from '#app/model/new-batch.ts';

describe('a new batch', () => {
	const form: NewBatchForm = {
		name: ' ',
		purpose: 'label',
		by: 'oldest',
		filter: { state: 'pool' },
		count: 100,
		members: ['me'],
		overlap: 1,
		isBlind: false,
	};
	test('carries its filter only where it chooses by filter, and no empty name', () => {
		expect(batchRequest(form)).toEqual({
			purpose: 'label',
			choose: { by: 'oldest', count: 100 },
			members: ['me'],
			overlap: 1,
			blind: false,
		});
		expect(batchRequest({ ...form, name: 'Irony', by: 'filter' })).toMatchObject({
			name: 'Irony',
			choose: { by: 'filter', count: 100, filter: { state: 'pool' } },
		});
	});
	test('says what keeps it from being made', () => {
		expect(formProblem(form)).toBeUndefined();
		expect(formProblem({ ...form, members: [] })).toMatch(/member/);
		expect(formProblem({ ...form, count: Number.NaN })).toMatch(/at least one/);
		expect(formProblem({ ...form, count: 10_001 })).toMatch(/10,000/);
		expect(formProblem({ ...form, isBlind: true, overlap: 2 })).toMatch(/needs 2 members/);
	});
	test('says how many batches come of it', () => {
		expect(batchesMade({ count: 500, overlap: 1 })).toBe(1);
		expect(batchesMade({ count: 501, overlap: 2 })).toBe(4);
	});
});
