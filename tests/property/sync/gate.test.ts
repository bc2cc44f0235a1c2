import fc from 'fast-check';
import { expect, test } from 'vitest';
import { honestHistory, playHistory } from './honest-histories.ts';
import { judgeMutations } from './mutated-updates.ts';

test('S5 honest histories are never refused, whatever was done apart, and leave nothing pending', () => {
	fc.assert(fc.property(honestHistory, playHistory), { numRuns: 150 });
});

test('S5 mutated updates never throw nor take long; what passes leaves nothing pending and no entry changed', () => {
	const { faults, slowestMs, verdicts } = judgeMutations(20_000, 1);
	expect(faults).toEqual([]);
	expect(slowestMs).toBeLessThan(100);
	// Some get through, or nothing was tried.
	expect(verdicts['ok']).toBeGreaterThan(100);
});
