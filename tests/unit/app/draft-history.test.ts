import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
	DraftHistory,
	type DraftChange,
	type DraftSteps,
	type DraftStepStore,
} from '#app/documents/parts/draft-history.ts';
import type { Json } from '#shared/numbers/canonical-json.ts';

const key = fc.constantFrom('r1/v/a', 'r1/v/b', 'r2/v/a');
const value = fc.constantFrom<Json | undefined>('x', 'y', ['x', 'y'], undefined);

/** What the device keeps, as IndexedDB gives it back: a copy. */
class Kept implements DraftStepStore {
	readonly rows = new Map<string, DraftSteps<unknown>>();

	recall(item: string): DraftSteps<unknown> | undefined {
		return this.rows.get(item);
	}

	keep(item: string, steps: DraftSteps): void {
		this.rows.set(item, structuredClone(steps));
	}
}

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
			const history = new DraftHistory(new Kept());
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
	const history = new DraftHistory(new Kept());
	edit(map, history, 'r1/v/a', 'mine');
	map.set('r1/v/a', 'theirs');
	expect(history.undo('r1', map)).toBe(true);
	expect(map.get('r1/v/a')).toBe('theirs');
});

test('a new gesture forgets what could have been done again', () => {
	const map = new Map<string, Json>();
	const history = new DraftHistory(new Kept());
	edit(map, history, 'r1/v/a', 'x');
	history.undo('r1', map);
	edit(map, history, 'r1/v/a', 'y');
	expect(history.canRedo('r1')).toBe(false);
	expect(history.canUndo('r1')).toBe(true);
	expect(history.canUndo('r2')).toBe(false);
});

test('after a reload everything can be undone and done again as before it', () => {
	const moves = fc.constantFrom('edit', 'undo', 'redo', 'reload');
	fc.assert(
		fc.property(fc.array(fc.tuple(moves, key, value), { maxLength: 40 }), (steps) => {
			const [here, there] = [new Map<string, Json>(), new Map<string, Json>()];
			const stays = new DraftHistory(new Kept());
			const kept = new Kept();
			let reloads = new DraftHistory(kept);
			for (const [move, at, after] of steps) {
				if (move === 'reload') reloads = new DraftHistory(kept);
				else if (move === 'edit') {
					edit(here, stays, at, after);
					edit(there, reloads, at, after);
				} else {
					const item = at.slice(0, 2);
					expect(reloads[move](item, there)).toBe(stays[move](item, here));
				}
				expect(there).toEqual(here);
			}
		}),
	);
});

test('what is kept is bounded, the newest first', () => {
	const map = new Map<string, Json>();
	const kept = new Kept();
	const history = new DraftHistory(kept);
	for (let n = 0; n < 300; n++) edit(map, history, 'r1/v/a', n);
	expect(kept.rows.get('r1')!.undo).toHaveLength(200);
	for (let n = 0; n < 10; n++) edit(map, history, 'r2/v/a', `${n}`.repeat(20_000));
	expect(JSON.stringify(kept.rows.get('r2')).length).toBeLessThan(100_100);
	const reloaded = new DraftHistory(kept);
	expect(reloaded.undo('r2', map)).toBe(true);
	expect(map.get('r2/v/a')).toBe('8'.repeat(20_000));
});

test('what somebody else wrote to the device’s storage is not taken for steps', () => {
	const kept = new Kept();
	const good = [{ key: 'r1/v/a', before: 'x', after: 'y' }];
	const wrong: unknown[] = [
		'nonsense',
		[],
		[{ key: 'r2/v/a', after: 'another item' }],
		[{ key: 'r1/v/a', after: () => 'no value' }],
	];
	for (const one of wrong) {
		kept.rows.set('r1', { undo: [good, one, good], redo: 'no list' as unknown as [] });
		const history = new DraftHistory(kept);
		const map = new Map<string, Json>([['r1/v/a', 'y']]);
		expect(history.undo('r1', map)).toBe(true);
		expect(map.get('r1/v/a')).toBe('x');
		expect(history.undo('r1', map)).toBe(false); // nothing from before what cannot be read
		expect(history.redo('r1', map)).toBe(true);
	}
});
