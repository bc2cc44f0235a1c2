import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
	nextAttemptState,
	type AttemptEvent,
	type AttemptState,
} from '#runner/attempt/attempt-state.ts';

const why = fc.constantFrom('cancelled', 'timed_out', 'handed_back', 'superseded' as const);
const event: fc.Arbitrary<AttemptEvent> = fc.oneof(
	fc.constantFrom<AttemptEvent>(
		{ kind: 'prepared' },
		{ kind: 'delivered' },
		{ kind: 'stopped' },
		{ kind: 'reported' },
		{ kind: 'broke', cause: 'no disk' },
	),
	fc.record({
		kind: fc.constant('exited' as const),
		exitCode: fc.option(fc.integer({ min: 0, max: 255 })),
		signal: fc.option(fc.constantFrom('SIGTERM', 'SIGKILL')),
	}),
	fc.record({ kind: fc.constant('stop' as const), why }),
);
const order = ['preparing', 'running', 'finishing', 'stopping', 'reporting', 'over'];

function walk(events: readonly AttemptEvent[]): AttemptState[] {
	const states: AttemptState[] = [{ kind: 'preparing' }];
	for (const one of events) states.push(nextAttemptState(states.at(-1)!, one));
	return states;
}

test('an attempt only goes forward and never leaves its end', () => {
	fc.assert(
		fc.property(fc.array(event, { maxLength: 30 }), (events) => {
			const states = walk(events);
			for (const [index, state] of states.entries()) {
				const before = states[index - 1];
				if (!before) continue;
				expect(order.indexOf(state.kind)).toBeGreaterThanOrEqual(order.indexOf(before.kind));
				if (before.kind === 'over') expect(state).toEqual(before);
			}
		}),
	);
});

test('only a command that ended well and was delivered succeeds', () => {
	fc.assert(
		fc.property(fc.array(event, { maxLength: 30 }), (events) => {
			const states = walk(events);
			const hasSucceeded = states.some(
				(state) => state.kind === 'reporting' && state.verdict.outcome === 'succeeded',
			);
			if (!hasSucceeded) return;
			expect(events.some((one) => one.kind === 'exited' && one.exitCode === 0)).toBe(true);
			expect(events.some((one) => one.kind === 'delivered')).toBe(true);
		}),
	);
});

test('a superseded attempt says nothing more', () => {
	fc.assert(
		fc.property(
			fc.array(event, { maxLength: 20 }),
			fc.array(event, { maxLength: 20 }),
			(before, after) => {
				const state = walk(before).at(-1)!;
				const superseded = nextAttemptState(state, { kind: 'stop', why: 'superseded' });
				if (state.kind === 'over') return;
				const rest = after.reduce(nextAttemptState, superseded);
				expect(['stopping', 'over']).toContain(rest.kind);
				if (rest.kind === 'over') expect(rest.how).toBe('superseded');
			},
		),
	);
});

test('from everywhere a stop leads to the end', () => {
	fc.assert(
		fc.property(fc.array(event, { maxLength: 20 }), why, (before, reason) => {
			const rest: AttemptEvent[] = [
				{ kind: 'stop', why: reason },
				{ kind: 'delivered' },
				{ kind: 'stopped' },
				{ kind: 'reported' },
			];
			expect(rest.reduce(nextAttemptState, walk(before).at(-1)!).kind).toBe('over');
		}),
	);
});
