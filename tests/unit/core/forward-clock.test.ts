import { expect, test } from 'vitest';
import { forwardClock } from '#sync-server/forward-clock.ts';

test('the clock goes on with the machine’s and never back', () => {
	const times = [1000, 1005, 400, 900, 1006, 1006, 2000];
	let at = 0;
	const clock = forwardClock(() => times[at++]!);
	expect(times.map(() => clock())).toEqual([1000, 1005, 1005, 1005, 1006, 1006, 2000]);
});
