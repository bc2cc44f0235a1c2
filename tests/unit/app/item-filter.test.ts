import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
	isUnfiltered,
	matchesItem,
	readItemFilter,
	writeItemFilter,
	type ItemFilter,
} from '#app/model/item-filter.ts';
import type { ItemRow } from '#shared/replica/rows.ts';

const filters: fc.Arbitrary<ItemFilter> = fc.record(
	{
		q: fc.string({ minLength: 1 }).map((text) => text.trim() || 'x'),
		state: fc.constantFrom('pool', 'open', 'labeled', 'settle', 'withdrawn'),
		split: fc.constantFrom('train', 'valid', 'gate'),
		option: fc.constantFrom('sentiment:positive', 'kind:T-shirt or top'),
	},
	{ requiredKeys: [] },
);

test('what is written into the address is read back as it was', () => {
	fc.assert(
		fc.property(filters, (filter) => {
			expect(readItemFilter(new URLSearchParams(writeItemFilter(filter).toString()))).toEqual(
				filter,
			);
		}),
	);
});

test('what the address does not know is passed over', () => {
	const filter = readItemFilter(
		new URLSearchParams('q=+&state=nowhere&split=test&option=x&more=1'),
	);
	expect(filter).toEqual({});
	expect(isUnfiltered(filter)).toBe(true);
});

const item: ItemRow = {
	id: 'r1',
	project: 'reviews',
	data: { text: 'Loved the Cast', more: { deep: ['مرحبا'] } },
	split: 'valid',
	state: 'labeled',
	answer: { values: { sentiment: 'positive', tags: ['a', 'b'] }, regions: [], texts: {} },
};

test.each<[ItemFilter, boolean]>([
	[{}, true],
	[{ q: 'the cast' }, true],
	[{ q: 'مرحبا' }, true],
	[{ q: 'hated' }, false],
	[{ state: 'labeled', split: 'valid' }, true],
	[{ state: 'pool' }, false],
	[{ split: 'gate' }, false],
	[{ option: 'sentiment:positive' }, true],
	[{ option: 'sentiment:negative' }, false],
	[{ option: 'tags:b' }, true],
	[{ option: 'none:b' }, false],
])('an item on the device matches %j: %j', (filter, isMatch) => {
	expect(matchesItem(item, filter)).toBe(isMatch);
});
