import { expect, test } from 'vitest';
import { changeWords, placeWords } from '#app/model/earlier-words.ts';
import type { Place } from '#shared/corpus/earlier.ts';
import type { Json } from '#shared/numbers/canonical-json.ts';
import { schemaShape } from '#shared/schema/schema.ts';

const schema = schemaShape.parse({
	shows: [{ field: 'text', as: 'text' }],
	tools: [
		{
			name: 'kind',
			title: 'Kind of thing',
			kind: 'choice',
			options: [{ name: 'shirt', title: 'T-shirt' }, { name: 'bag' }],
		},
	],
});

function say(place: Place, before: Json | null, after: Json | null): string {
	const words = changeWords({ place, before, after }, schema);
	return [words.text, words.before, words.after].map((text) => text ?? '-').join(' | ');
}

test('what somebody did is said in plain words, by the names of the schema', () => {
	const value: Place = { kind: 'value', tool: 'kind' };
	expect(say(value, null, 'shirt')).toBe('answered “Kind of thing” | - | T-shirt');
	expect(say(value, 'shirt', 'bag')).toBe('changed “Kind of thing” | T-shirt | bag');
	expect(say(value, ['bag', 'gone'], null)).toBe(
		'took back the answer to “Kind of thing” | bag, gone | -',
	);
	expect(say({ kind: 'value', tool: 'old' }, null, 3)).toBe('answered “old” | - | 3');

	const region: Place = { kind: 'region', region: '3' };
	const cat = { tool: 'box', label: 'cat', shape: [1, 2] };
	expect(say(region, null, cat)).toBe('drew Region 3 | - | cat');
	expect(say(region, cat, { ...cat, label: 'dog' })).toBe('changed Region 3: label | cat | dog');
	expect(say(region, cat, { ...cat, shape: [1, 3] })).toBe('reshaped Region 3 | - | cat');
	expect(say(region, cat, null)).toBe('took Region 3 away | cat | -');
	expect(say(region, { tool: 'box' }, cat)).toBe('changed Region 3: label | none | cat');

	const text: Place = { kind: 'text', tool: 'why' };
	expect(say(text, '', 'So')).toBe('wrote in “why” | - | So');
	expect(say(text, 'So', '')).toBe('shortened “why” | So | -');
	expect(say(text, 'a', 'b')).toBe('changed “why” | a | b');

	const submission: Place = { kind: 'submission', submission: 's' };
	const answer = { values: { kind: 'bag' }, regions: [{ id: '1', tool: 'box', shape: [] }] };
	expect(say(submission, null, { item: 'i', answer })).toBe('submitted | - | bag, 1 region');
	expect(say(submission, null, { item: 'i', skipped: true })).toBe('skipped it | - | -');

	const verdict: Place = { kind: 'verdict', submission: 's', user: 'ben' };
	expect(say(verdict, null, { kind: 'accepted' })).toBe('accepted the answer | - | -');
	expect(say(verdict, { kind: 'accepted' }, { kind: 'returned', note: 'Look' })).toBe(
		'returned the answer | - | Look',
	);
	expect(say(verdict, { kind: 'accepted' }, null)).toBe('took a verdict back | - | -');

	const note: Place = { kind: 'note', note: 'n' };
	expect(say(note, null, { text: 'Why?' })).toBe('noted | - | Why?');
	expect(say(note, { text: 'Why?' }, { text: 'Why not?' })).toBe('changed a note | - | Why not?');
	expect(say(note, { text: 'Why?' }, null)).toBe('took a note away | - | -');
});

test('what is long is cut, what is no region says so little, and places have names', () => {
	const { after } = changeWords({
		...{ place: { kind: 'text', tool: 'why' }, before: '', after: 'x'.repeat(500), from: 0 },
	});
	expect(after!.length).toBeLessThan(200);
	expect(say({ kind: 'region', region: '3' }, null, 7)).toBe('drew Region 3 | - | -');
	const places: Place[] = [
		{ kind: 'value', tool: 'kind' },
		{ kind: 'text', tool: 'why' },
		{ kind: 'region', region: '3' },
	];
	expect(places.map((place) => placeWords(place, schema))).toEqual([
		...['Kind of thing', 'why', 'Region 3'],
	]);
});
