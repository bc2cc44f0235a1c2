import { expect, test } from 'vitest';
import { readPeers, type PeerState } from '#app/documents/presence/presence-state.ts';
import { peopleHere, whereWords } from '#app/workspace/people-here.ts';
import type { Schema } from '#shared/schema/schema.ts';

const positions = new Map([
	['i1', 0],
	['i2', 1],
]);
const schema: Schema = {
	shows: [{ field: 'text', as: 'text' }],
	instructions: '',
	tools: [
		{ name: 'tone', kind: 'choice', title: 'Tone', required: true, many: false, options: [] },
	],
};
const peer = (more: Partial<PeerState>): PeerState => ({
	client: 1,
	user: 'u2',
	name: 'Lisa',
	item: 'i2',
	selection: null,
	...more,
});

test('everybody once, by name, where their newest device is', () => {
	const people = peopleHere(
		[peer({ user: 'u3', name: 'Zoe' }), peer({ item: 'i1' }), peer({ client: 2, item: 'gone' })],
		positions,
	);
	expect(people.map(({ name, index }) => [name, index])).toEqual([
		['Lisa', undefined],
		['Zoe', 1],
	]);
});

test('where somebody is, in words', () => {
	const words = (more: Partial<PeerState>) =>
		whereWords(peopleHere([peer(more)], positions)[0]!, schema);
	expect(words({})).toBe('Lisa is on item 2');
	expect(words({ item: null })).toBe('Lisa is here');
	expect(words({ selection: { kind: 'question', tool: 'tone' } })).toMatch(/answering Tone$/);
	expect(words({ selection: { kind: 'note' } })).toMatch(/writing a note$/);
	expect(words({ selection: { kind: 'text', field: 'text', from: 0, to: 4 } })).toMatch(
		/selected$/,
	);
});

test('what others say of themselves is looked at: an unknown selection hides nobody, nonsense does', () => {
	const states = new Map<number, unknown>([
		[1, { user: 'me', name: 'Me', item: 'i1', selection: null }],
		[2, { user: 'u2', name: 'Lisa', item: 'i1', selection: { kind: 'of a later version' } }],
		[3, { user: 'u3', name: 'Old', item: 'i1' }],
		[4, { user: 'u4', item: 'i1' }],
		[5, 'nonsense'],
		[6, { user: 'u6', name: 'x'.repeat(1000), item: 'i1', selection: null }],
	]);
	expect(readPeers(states, { client: 9, user: 'me' })).toEqual([
		{ client: 2, user: 'u2', name: 'Lisa', item: 'i1', selection: null },
		{ client: 3, user: 'u3', name: 'Old', item: 'i1', selection: null },
	]);
});
