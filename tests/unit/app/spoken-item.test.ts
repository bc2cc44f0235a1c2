import { expect, test } from 'vitest';
import { spokenItem } from '#app/model/spoken-item.ts';
import { schemaShape } from '#shared/schema/schema.ts';

const schema = schemaShape.parse({
	shows: [
		{ field: 'text', as: 'text' },
		{ field: 'picture', as: 'image' },
	],
	tools: [{ name: 'tone', kind: 'choice', options: [{ name: 'good' }] }],
});

test('says what an item shows', () => {
	expect(spokenItem({ text: 'A fine day' }, schema)).toBe('A fine day, a picture');
});

test('begins a long text only', () => {
	expect(spokenItem({ text: 'w'.repeat(60_000) }, schema).length).toBeLessThan(300);
});
