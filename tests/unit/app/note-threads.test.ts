import { expect, test } from 'vitest';
import { threadsOf, type NoteEntry } from '#app/documents/parts/note-threads.ts';

function note(id: string, second: number, more: Partial<NoteEntry> = {}): NoteEntry {
	const at = new Date(Date.UTC(2030, 0, 1, 0, 0, second)).toISOString();
	return { id, item: 'r1', by: 'u1', at, text: id, ...more };
}

function shape(notes: readonly NoteEntry[]) {
	return threadsOf(notes).map(({ root, replies, resolvedBy }) => [
		root.id,
		replies.map(({ id }) => id),
		resolvedBy?.id,
	]);
}

test('replies stand below the note that began the thread, in the order of time', () => {
	expect(
		shape([
			note('d', 4, { replyTo: 'c' }),
			note('b', 2),
			note('c', 3, { replyTo: 'a' }),
			note('a', 1),
		]),
	).toEqual([
		['a', ['c', 'd'], undefined],
		['b', [], undefined],
	]);
});

test('a reply whose root has not arrived is shown on its own', () => {
	expect(shape([note('b', 2, { replyTo: 'missing' })])).toEqual([['b', [], undefined]]);
});

test('notes that answer each other in a circle are all shown', () => {
	const shown = shape([note('a', 1, { replyTo: 'b' }), note('b', 2, { replyTo: 'a' })]);
	expect(shown.map(([root]) => root)).toEqual(['a', 'b']);
});

test('the first word that settles a thread counts', () => {
	const settled = shape([
		note('a', 1),
		note('later', 3, { resolves: 'a' }),
		note('first', 2, { resolves: 'a' }),
	]);
	expect(settled).toEqual([['a', [], 'first']]);
});
