import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
	alignCurves,
	axisText,
	inOrderOfInterest,
	twoToCompare,
	valueAt,
	zoomed,
} from '#app/model/chart-data.ts';

const curve = fc
	.uniqueArray(fc.integer({ min: 0, max: 200 }), { maxLength: 40 })
	.map((steps) => steps.sort((a, b) => a - b))
	.chain((steps) =>
		fc
			.array(fc.option(fc.double({ noNaN: true })), {
				minLength: steps.length,
				maxLength: steps.length,
			})
			.map((values) => ({ steps, values })),
	);

describe('aligning', () => {
	test('keeps every point of every curve, in the order of the steps', () => {
		fc.assert(
			fc.property(fc.array(curve, { maxLength: 4 }), (curves) => {
				const { x, y } = alignCurves(curves);
				expect(x).toEqual([...x].sort((a, b) => a - b));
				for (const [index, { steps, values }] of curves.entries()) {
					const found = x.flatMap((step, at) =>
						y[index]![at] === undefined ? [] : [[step, y[index]![at]]],
					);
					expect(found).toEqual(steps.map((step, at) => [step, values[at]]));
				}
			}),
		);
	});

	test('a gap stays a gap, a step of another curve is drawn through', () => {
		const { x, y } = alignCurves([
			{ steps: [1, 3], values: [5, null] },
			{ steps: [2], values: [7] },
		]);
		expect(x).toEqual([1, 2, 3]);
		expect(y).toEqual([
			[5, undefined, null],
			[undefined, 7, undefined],
		]);
		expect(valueAt(y[0]!, 1)).toBe(5);
		expect(valueAt(y[1]!, 0)).toBeUndefined();
	});
});

describe('zooming', () => {
	test('stays within what there is, keeps its width, and what is under the pointer stays there', () => {
		fc.assert(
			fc.property(
				fc.double({ min: 0, max: 1, noNaN: true }),
				fc.double({ min: 0.1, max: 0.95, noNaN: true }),
				(share, factor) => {
					const focus = 100 + share * 900;
					const range = zoomed([100, 1000], [100, 1000], focus, factor)!;
					expect(range[0]).toBeGreaterThanOrEqual(100);
					expect(range[1]).toBeLessThanOrEqual(1000 + 1e-9);
					expect(range[1] - range[0]).toBeCloseTo(900 * factor, 6);
					expect((focus - range[0]) / (range[1] - range[0])).toBeCloseTo(share, 6);
				},
			),
		);
	});

	test('out beyond all of it means all of it', () => {
		expect(zoomed([200, 900], [100, 1000], 500, 2)).toBeNull();
	});
});

test('losses come first, then what says how good it is; counters are no curves', () => {
	expect(inOrderOfInterest(['step', 'lr', 'accuracy', 'epoch', 'val_loss', 'loss'])).toEqual([
		'loss',
		'val_loss',
		'accuracy',
		'lr',
	]);
	expect(twoToCompare([{ last: { step: 1, lr: 1, loss: 2, accuracy: 0.5 } }])).toEqual([
		'loss',
		'accuracy',
	]);
	expect(twoToCompare([{ last: { reward: 2 } }])).toEqual(['reward']);
	expect(twoToCompare([])).toEqual([]);
});

test.each([
	[0, '0'],
	[0.6000000000000001, '0.6'],
	[2500, '2500'],
	[20_000, '20k'],
	[1_500_000, '1.5M'],
	[-0.25, '-0.25'],
	[0.00002, '2e-5'],
])('an axis shows %d as %s', (value, text) => expect(axisText(value)).toBe(text));
