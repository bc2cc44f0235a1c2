import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { mayRewrite, rewrite, unsentEntries } from '#app/documents/unsent/rewrite.ts';

const submitted = {
	item: 'r1',
	by: 'u1',
	at: '2030-01-01T00:00:00.000Z',
	spentMs: 1,
	schema: 1,
	answer: { values: {}, regions: [], texts: {} },
	guess: 'none',
	after: [],
};

function copy(doc: Y.Doc): Y.Doc {
	const other = new Y.Doc();
	Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
	return other;
}

test('only what the server does not have counts as unsent, also what was taken away', () => {
	const server = new Y.Doc();
	const theirs = server.getMap('draft');
	for (const key of ['r1/v/a', 'r2/v/a', 'r3/v/a']) theirs.set(key, 'sent');
	const device = copy(server);
	const mine = device.getMap('draft');
	mine.set('r1/v/a', 'changed');
	mine.delete('r2/v/a');
	mine.set('r4/v/a', 'new');
	mine.set('r3/v/a', 'sent'); // says the same as before: nothing to say again

	expect(unsentEntries(device, server, 'answers')).toEqual([
		{ map: 'draft', key: 'r1/v/a', value: 'changed' },
		{ map: 'draft', key: 'r2/v/a', value: undefined },
		{ map: 'draft', key: 'r4/v/a', value: 'new' },
	]);
	rewrite(server, unsentEntries(device, server, 'answers'));
	expect(theirs.toJSON()).toEqual(mine.toJSON());
});

test('what somebody else changed meanwhile is not taken for mine', () => {
	const server = new Y.Doc();
	server.getMap('draft').set('r1/v/a', 'old');
	const device = copy(server);
	server.getMap('draft').set('r1/v/a', 'theirs');
	server.getMap('draft').set('r2/v/a', 'theirs');
	expect(unsentEntries(device, server, 'answers')).toEqual([]);
});

test('written again is what the document holds and its author may say', () => {
	const fresh = new Y.Doc();
	const entry = (map: string, key: string, value: unknown) => ({ map, key, value });
	const may = (map: string, key: string, value: unknown) =>
		mayRewrite(entry(map, key, value), fresh, 'u1');
	expect(may('draft', 'r1/v/a', 'x')).toBe(true);
	expect(may('draft', 'nonsense', 'x')).toBe(false);
	expect(may('submitted', 's1', submitted)).toBe(true);
	expect(may('submitted', 's1', { ...submitted, by: 'u2' })).toBe(false);
	expect(may('submitted', 's1', { ...submitted, spentMs: -1 })).toBe(false);
	expect(may('submitted', 's1', undefined)).toBe(false);
	const verdict = { kind: 'accepted', at: submitted.at };
	expect(may('verdict', 'r1/s1/u1', verdict)).toBe(true);
	expect(may('verdict', 'r1/s1/u2', verdict)).toBe(false);
	fresh.getMap('submitted').set('s1', submitted);
	expect(may('submitted', 's1', submitted)).toBe(false);
});
