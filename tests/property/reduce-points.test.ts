import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reducePoints } from '#shared/run/reduce-points.ts';

const curve = fc.array(
	fc.oneof(
		{ weight: 20, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
		{ weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity) },
	),
	{ maxLength: 400, size: 'max' },
);

function reduced(list: readonly number[], points: number) {
	return reducePoints(Float64Array.from(list.keys()), Float64Array.from(list), points);
}

describe('a reduced curve', () => {
	it('keeps its ends, its extremes and its holes, in order, within the number asked for', () => {
		fc.assert(
			fc.property(curve, fc.integer({ min: 16, max: 500 }), (list, points) => {
				const { steps, values } = reduced(list, points);
				expect(steps.length).toBe(values.length);
				expect(steps.length).toBeLessThanOrEqual(points);
				expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
				const finite = list.filter(Number.isFinite);
				const drawn = values.filter((value) => value !== null);
				if (finite.length > 0) {
					expect(Math.max(...drawn)).toBe(Math.max(...finite));
					expect(Math.min(...drawn)).toBe(Math.min(...finite));
				}
				expect(values.includes(null)).toBe(finite.length < list.length);
				for (const [n, step] of steps.entries())
					expect(values[n]).toBe(Number.isFinite(list[step]) ? list[step] : null);
				if (list.length > 0) expect([steps[0], steps.at(-1)]).toEqual([0, list.length - 1]);
				if (list.length <= points) expect(steps.length).toBe(list.length);
			}),
			{ numRuns: 300 },
		);
	});

	it('uses most of the points it may', () => {
		const list = Array.from({ length: 100_000 }, (_, n) => Math.sin(n / 7));
		expect(reduced(list, 1000).steps.length).toBeGreaterThan(900);
	});

	it.each([0, -3, NaN, 1])('still draws a curve when %d points are asked for', (points) => {
		const { steps } = reduced(
			Array.from({ length: 100 }, (_, n) => n),
			points,
		);
		expect(steps.length).toBeGreaterThan(1);
		expect(steps.length).toBeLessThanOrEqual(16);
	});
});
