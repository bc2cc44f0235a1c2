import { expect, test } from 'vitest';
import { classBars } from '#app/model/class-bars.ts';
import { importExample } from '#app/model/import-example.ts';
import { answerWords, optionColour } from '#app/model/item-words.ts';
import { importLineShape } from '#shared/schema/item.ts';
import { schemaShape } from '#shared/schema/schema.ts';

const schema = schemaShape.parse({
	shows: [{ field: 'text', as: 'text' }],
	tools: [
		{
			name: 'kind',
			kind: 'choice',
			options: [{ name: 'shirt', title: 'T-shirt or top' }, { name: 'bag' }],
		},
		{ name: 'tags', kind: 'choice', many: true, options: [{ name: 'new' }, { name: 'red' }] },
	],
});

test('an answer is read in the order of the schema; what the schema no longer has keeps its name', () => {
	const answer = {
		values: { gone: 'old', tags: ['red', 'new'], kind: 'shirt' },
		regions: [],
		texts: {},
	};
	expect(answerWords(answer, schema).map(({ title }) => title)).toEqual([
		'T-shirt or top',
		'red',
		'new',
		'old',
	]);
	expect(answerWords(answer, undefined)).toHaveLength(4);
});

test('a class keeps its colour; one that is gone has none', () => {
	expect(optionColour(schema, 'kind', 'bag')).toBe('var(--c2)');
	expect(optionColour(schema, 'kind', 'shoe')).toBe('var(--ink-3)');
});

test('class bars name every option, also one without an answer, and shares add up to one', () => {
	const bars = classBars({ bag: 3, shoe: 1 }, 'kind', schema);
	expect(bars.map(({ title, count }) => [title, count])).toEqual([
		['T-shirt or top', 0],
		['bag', 3],
		['shoe', 1],
	]);
	expect(bars.reduce((sum, { share }) => sum + share, 0)).toBe(1);
	expect(classBars({}, 'kind', schema).every(({ share }) => share === 0)).toBe(true);
});

test('the example of an import is one that this project would take', () => {
	for (const line of importExample(schema).split('\n'))
		expect(importLineShape.safeParse(JSON.parse(line)).success).toBe(true);
});
