import { expect, test } from 'vitest';
import { leaseMs } from '#shared/api/runner-protocol.ts';
import { ListeningClock } from '#sync-server/runs/listening-clock.ts';

const day = 24 * 60 * 60_000;

/** A clock that looks every second, as the server does. */
function listening() {
	const time = { elapsed: 0, setOffMs: 0 };
	const clock = new ListeningClock({
		now: () => new Date(1_800_000_000_000 + time.elapsed + time.setOffMs),
		elapsed: () => time.elapsed,
	});
	return {
		look: () => clock.look(),
		set: (ms: number) => (time.setOffMs += ms),
		pass(ms: number) {
			for (const end = time.elapsed + ms; time.elapsed < end; time.elapsed += 1000) clock.look();
		},
	};
}

test('until one lease after the start nobody counts as silent', () => {
	const clock = listening();
	expect(clock.look().isFresh).toBe(true);
	clock.pass(leaseMs - 1000);
	expect(clock.look().isFresh).toBe(true);
	clock.pass(1000);
	expect(clock.look()).toMatchObject({ isFresh: false, aheadMs: 0 });
});

test.each([
	['forward', day, day],
	['back', -day, 0],
])('a clock that was set %s by a day begins anew, and no run took a day', (_, setMs, aheadMs) => {
	const clock = listening();
	clock.pass(2 * leaseMs);
	clock.set(setMs);
	expect(clock.look()).toMatchObject({ isFresh: true, aheadMs });
	clock.pass(leaseMs);
	expect(clock.look()).toMatchObject({ isFresh: false, aheadMs });
	clock.set(-setMs);
	expect(clock.look()).toMatchObject({ isFresh: true, aheadMs: 0 });
});

test('a clock that is drawn on slowly is no other clock', () => {
	const clock = listening();
	clock.pass(2 * leaseMs);
	for (let step = 0; step < 100; step++) {
		clock.set(200);
		clock.pass(1000);
		expect(clock.look().isFresh).toBe(false);
	}
});
