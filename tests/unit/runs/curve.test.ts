import { expect, test } from 'vitest';
import { curve, takeovers } from '#sync-server/runs/metrics-reply.ts';
import type { AttemptRow } from '#sync-server/tables/attempts.ts';

const attempt = (number: number, firstStep: number | null): AttemptRow => ({
	attempt: number,
	runner: 't/r',
	claimedAt: '',
	startedAt: null,
	endedAt: null,
	outcome: null,
	exitCode: null,
	signal: null,
	failedChunks: 0,
	firstStep,
});
const part = (number: number, steps: readonly number[]) => ({
	attempt: number,
	steps: Float64Array.from(steps),
	values: Float64Array.from(steps, (step) => step + number / 10),
});
const everything = { from: -Infinity, to: Infinity, points: 1000 };

test('an attempt shows below the first step of the attempts after it', () => {
	const attempts = [attempt(1, 1), attempt(2, null), attempt(3, 4), attempt(4, 3)];
	const parts = [part(1, [1, 2, 3, 4, 5]), part(3, [4, 5]), part(4, [3, 4])];
	const drawn = curve(parts, attempts, 'loss', everything);
	expect(drawn).toEqual({
		key: 'loss',
		steps: [1, 2, 3, 4],
		values: [1.1, 2.1, 3.4, 4.4],
		stored: 4,
	});
	expect(takeovers(attempts)).toEqual([{ attempt: 4, fromStep: 3 }]);
});

test('a key that an attempt did not report is cut like the others', () => {
	const drawn = curve([part(1, [1, 2, 3])], [attempt(1, 1), attempt(2, 2)], 'rate', everything);
	expect(drawn.steps).toEqual([1]);
});

test('the last value of a step counts, steps come in order, and a window leaves out the rest', () => {
	const values = {
		attempt: 1,
		steps: Float64Array.from([5, 1, 3, 1]),
		values: Float64Array.from([50, 10, 30, 11]),
	};
	const drawn = curve([values], [attempt(1, 1)], 'loss', { from: 1, to: 4, points: 1000 });
	expect(drawn).toEqual({ key: 'loss', steps: [1, 3], values: [11, 30], stored: 2 });
});
