import { expect, test } from 'vitest';
import { spokenItem } from '#app/workspace/spoken-item.ts';
import type { Packet } from '#shared/api/replies.ts';
import { schemaShape } from '#shared/schema/schema.ts';

const schema = schemaShape.parse({
	shows: [
		{ field: 'text', as: 'text' },
		{ field: 'picture', as: 'image' },
	],
	tools: [{ name: 'tone', kind: 'choice', options: [{ name: 'good' }] }],
});
const packet: Packet = {
	batch: 'b',
	project: 'p',
	media: [],
	schemaVersion: 1,
	items: [
		{ id: '1', data: { text: 'A fine day' }, heads: [] },
		{ id: '2', data: { text: 'w'.repeat(60_000) }, heads: [] },
	],
};

test('says which item came, and what it shows', () => {
	expect(spokenItem(packet, 0, schema)).toBe('Item 1 of 2: A fine day, a picture');
});

test('begins a long text only', () => {
	expect(spokenItem(packet, 1, schema).length).toBeLessThan(330);
});
