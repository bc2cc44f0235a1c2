import fc from 'fast-check';
import { expect, test } from 'vitest';
import { movedCursor } from '#app/model/list-cursor.ts';

const keys = ['j', 'k', 'ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End'];

test('whatever is pressed, the cursor stays within the list', () => {
	fc.assert(
		fc.property(
			fc.array(fc.constantFrom(...keys)),
			fc.integer({ min: 1, max: 100_000 }),
			(pressed, count) => {
				let at = -1;
				for (const key of pressed) {
					at = movedCursor(key, { at, count, pageRows: 18 })!;
					expect(at).toBeGreaterThanOrEqual(0);
					expect(at).toBeLessThan(count);
				}
			},
		),
	);
});

test('the first j is the first row; an empty list and other keys move nothing', () => {
	expect(movedCursor('j', { at: -1, count: 3, pageRows: 10 })).toBe(0);
	expect(movedCursor('End', { at: 0, count: 3, pageRows: 10 })).toBe(2);
	expect(movedCursor('j', { at: -1, count: 0, pageRows: 10 })).toBeUndefined();
	expect(movedCursor('q', { at: 0, count: 3, pageRows: 10 })).toBeUndefined();
});
