import { expect, test } from 'vitest';
import { ClassCounts } from '#sync-server/git/class-counts.ts';

const answer = (values: Record<string, string | string[]>) => ({ values, regions: [], texts: {} });

test('classes are counted up and down, and what stands nowhere is left out', () => {
	const classes = new ClassCounts();
	classes.addAll({ tone: { warm: 2 } });
	classes.add(answer({ tone: 'cold', topics: ['a', 'b'] }), 3);
	classes.add(answer({ tone: 'warm', topics: ['a', 'b'] }), -2);
	classes.add(answer({ topics: ['b'] }), -1);
	expect(classes.toJSON()).toEqual({ tone: { cold: 3 }, topics: { a: 1 } });
});

test('no name is special', () => {
	const classes = new ClassCounts();
	const values = JSON.parse('{"__proto__": "constructor"}') as Record<string, string>;
	classes.add(answer(values), 1);
	expect(JSON.stringify(classes)).toBe('{"__proto__":{"constructor":1}}');
	expect(({} as Record<string, unknown>)['constructor']).toBe(Object);
});
