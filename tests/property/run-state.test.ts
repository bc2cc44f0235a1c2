import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
	isEnded,
	nextRunState,
	runStates,
	type RunEvent,
	type RunState,
} from '#shared/run/run-state.ts';

const events: readonly RunEvent[] = [
	{ kind: 'claimed' },
	{ kind: 'started' },
	{ kind: 'finishing' },
	{ kind: 'succeeded' },
	{ kind: 'failed' },
	{ kind: 'cancelled' },
	{ kind: 'timedOut' },
	{ kind: 'lost', final: false },
	{ kind: 'lost', final: true },
	{ kind: 'requeued' },
];

/** Every move there is; what is not here cannot happen. */
const moves: Readonly<Record<RunState, string>> = {
	queued: 'claimed→preparing failed→failed cancelled→cancelled',
	preparing:
		'started→running failed→failed cancelled→cancelled timedOut→timed_out lost→queued lost→failed requeued→queued',
	running:
		'finishing→finishing succeeded→succeeded failed→failed cancelled→cancelled timedOut→timed_out lost→queued lost→failed requeued→queued',
	finishing:
		'succeeded→succeeded failed→failed cancelled→cancelled timedOut→timed_out lost→queued lost→failed requeued→queued',
	succeeded: '',
	failed: '',
	cancelled: '',
	timed_out: '',
};

describe('the life of a run', () => {
	it.each(runStates)('%s knows its moves', (state) => {
		const found = events.flatMap((event) => {
			const next = nextRunState(state, event);
			return next ? [`${event.kind}→${next}`] : [];
		});
		expect(found.join(' ')).toBe(moves[state]);
	});

	it('keeps to its states, and nothing leaves an end', () => {
		fc.assert(
			fc.property(fc.array(fc.constantFrom(...events), { maxLength: 40 }), (list) => {
				let state: RunState = 'queued';
				for (const event of list) {
					const next = nextRunState(state, event);
					if (isEnded(state)) expect(next).toBeUndefined();
					if (next) expect(runStates).toContain(next);
					if (next === 'succeeded') expect(['running', 'finishing']).toContain(state);
					state = next ?? state;
				}
			}),
		);
	});

	it('can always come to an end', () => {
		for (const state of runStates)
			expect(
				isEnded(state) || isEnded(nextRunState(state, { kind: 'cancelled' }) ?? 'queued'),
			).toBe(true);
	});
});
