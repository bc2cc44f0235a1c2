import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DraftHistory, type DraftChange } from '#app/documents/draft-history.ts';
import type { Json } from '#shared/numbers/canonical-json.ts';

const key = fc.constantFrom('r1/v/a', 'r1/v/b', 'r2/v/a');
const value = fc.constantFrom<Json | undefined>('x', 'y', ['x', 'y'], undefined);

/** Does an edit as the answers do: one gesture on one item. */
function edit(map: Map<string, Json>, history: DraftHistory, at: string, after: Json | undefined) {
	const change: DraftChange = { key: at, before: map.get(at), after };
	if (after === undefined) map.delete(at);
	else map.set(at, after);
	history.push(at.slice(0, 2), [change]);
}

test('undoing everything of an item brings back how it was, and touches no other item', () => {
	fc.assert(
		fc.property(fc.array(fc.tuple(key, value), { maxLength: 30 }), (edits) => {
			const map = new Map<string, Json>([['r1/v/a', 'before']]);
			const history = new DraftHistory();
			for (const [at, after] of edits) edit(map, history, at, after);
			const end = new Map(map);
			while (history.undo('r1', map));
			expect(map.get('r1/v/a')).toBe('before');
			expect(map.has('r1/v/b')).toBe(false);
			expect(map.get('r2/v/a')).toEqual(end.get('r2/v/a'));
			while (history.redo('r1', map));
			expect(map).toEqual(end);
		}),
	);
});

test('a key that somebody else has changed since stays as they left it', () => {
	const map = new Map<string, Json>();
	const history = new DraftHistory();
	edit(map, history, 'r1/v/a', 'mine');
	map.set('r1/v/a', 'theirs');
	expect(history.undo('r1', map)).toBe(true);
	expect(map.get('r1/v/a')).toBe('theirs');
});

test('a new gesture forgets what could have been done again', () => {
	const map = new Map<string, Json>();
	const history = new DraftHistory();
	edit(map, history, 'r1/v/a', 'x');
	history.undo('r1', map);
	edit(map, history, 'r1/v/a', 'y');
	expect(history.canRedo('r1')).toBe(false);
	expect(history.canUndo('r1')).toBe(true);
	expect(history.canUndo('r2')).toBe(false);
});
