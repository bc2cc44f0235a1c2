import { describe, expect, test } from 'vitest';
import { allBatches, batchToGoOn, isToDoIn, leftIn, myBatches } from '#app/model/batch-list.ts';
import type { Row } from '#shared/replica/rows.ts';

function batch(id: string, more: Partial<Row<'batches'>> = {}): Row<'batches'> {
	return {
		id,
		project: 'p',
		name: `Batch ${id}`,
		purpose: 'label',
		state: 'open',
		schemaVersion: 1,
		size: 100,
		members: ['me'],
		isBlind: false,
		createdAt: `2026-05-0${id}T00:00:00.000Z`,
		createdBy: 'lead',
		closedAt: null,
		submitted: 0,
		skipped: 0,
		waiting: 0,
		returned: 0,
		accepted: 0,
		toSettle: 0,
		late: 0,
		...more,
	};
}
const ids = (batches: readonly Row<'batches'>[]) => batches.map(({ id }) => id);

describe('my batches', () => {
	test('what was returned comes first, then what is begun, what is new, what is done', () => {
		const batches = [
			batch('1', { submitted: 100 }),
			batch('2'),
			batch('3', { submitted: 10 }),
			batch('4', { submitted: 100, returned: 1 }),
			batch('5', { members: ['other'] }),
			batch('6', { state: 'closed' }),
		];
		expect(ids(myBatches(batches, 'me'))).toEqual(['4', '3', '2', '1']);
		expect(batchToGoOn(batches, 'me')?.id).toBe('4');
	});
	test('a batch whose items are all answered wants nothing, unless something came back', () => {
		expect(isToDoIn(batch('1', { submitted: 100 }))).toBe(false);
		expect(isToDoIn(batch('1', { submitted: 100, returned: 2 }))).toBe(true);
		expect(leftIn(batch('1', { submitted: 40 }))).toBe(60);
		expect(batchToGoOn([batch('1', { submitted: 100 })], 'me')).toBeUndefined();
	});
});

test('all batches: open before closed, the newest first, by name', () => {
	const batches = [batch('1'), batch('2', { state: 'closed' }), batch('3', { name: 'Irony' })];
	expect(ids(allBatches(batches, { state: 'all', words: '' }))).toEqual(['3', '1', '2']);
	expect(ids(allBatches(batches, { state: 'closed', words: '' }))).toEqual(['2']);
	expect(ids(allBatches(batches, { state: 'open', words: ' iRo' }))).toEqual(['3']);
});
