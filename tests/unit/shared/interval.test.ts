import { describe, expect, it } from 'vitest';
import { wilsonInterval } from '#shared/numbers/interval.ts';

describe('the Wilson interval', () => {
	it.each([
		[0, 10, 0, 0.2775],
		[10, 10, 0.7225, 1],
		[5, 10, 0.2366, 0.7634],
		[80, 100, 0.7112, 0.8666],
		[1, 2, 0.0945, 0.9055],
	])('of %i in %i is %f … %f', (successes, n, low, high) => {
		const interval = wilsonInterval(successes, n);
		expect(interval.low).toBeCloseTo(low, 3);
		expect(interval.high).toBeCloseTo(high, 3);
	});

	it('ends where the share seen would be 1.96 standard errors away', () => {
		const n = 250;
		for (let successes = 1; successes < n; successes += 1) {
			const { low, high } = wilsonInterval(successes, n);
			for (const end of [low, high])
				expect(Math.abs(successes / n - end) / Math.sqrt((end * (1 - end)) / n)).toBeCloseTo(
					1.96,
					4,
				);
		}
	});

	it('is everything when nothing was counted', () => {
		expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
	});
});
