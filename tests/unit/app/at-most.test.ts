import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { atMost } from '#app/net/at-most.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('asking many times at once acts at once, and once more after the pace', async () => {
	let acts = 0;
	const paced = atMost(500, () => void acts++);
	for (let n = 0; n < 10; n++) paced.ask();
	expect(acts).toBe(1);
	await vi.advanceTimersByTimeAsync(499);
	expect(acts).toBe(1);
	await vi.advanceTimersByTimeAsync(1);
	expect(acts).toBe(2);
	await vi.advanceTimersByTimeAsync(5000);
	expect(acts).toBe(2);
});

test('a slow act is never joined by a second one; what was asked meanwhile is done after it', async () => {
	let active = 0;
	let most = 0;
	let acts = 0;
	const paced = atMost(100, async () => {
		acts++;
		most = Math.max(most, ++active);
		await new Promise((resolve) => setTimeout(resolve, 1000));
		active--;
	});
	paced.ask();
	await vi.advanceTimersByTimeAsync(500);
	paced.ask();
	await vi.advanceTimersByTimeAsync(3000);
	expect(most).toBe(1);
	expect(acts).toBe(2);
});

test('stopping aborts what is under way and forgets what was asked', async () => {
	const signals: AbortSignal[] = [];
	const paced = atMost(100, (signal) => void signals.push(signal));
	paced.ask();
	paced.ask();
	paced.stop();
	paced.ask();
	await vi.advanceTimersByTimeAsync(1000);
	expect(signals).toHaveLength(1);
	expect(signals[0]!.aborted).toBe(true);
});
