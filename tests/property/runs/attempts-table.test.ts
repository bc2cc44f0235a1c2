import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CommandError } from '#shared/api/errors.ts';
import { isEnded } from '#shared/run/run-state.ts';
import type { Tables } from '#sync-server/tables/tables.ts';
import { openRunTables, type RunTables } from '../../support/run-tables.ts';

let world: RunTables;
let tables: Tables;
let runs = 0;

beforeAll(async () => {
	world = await openRunTables();
	({ tables } = world);
});
afterAll(() => world.close());

/** What may happen to a run; an attempt number is counted from the newest one back. */
type Step =
	| { kind: 'claim' | 'cancel' }
	| { kind: 'wait'; seconds: number }
	| { kind: 'start' | 'finishing' | 'heartbeat' | 'handBack' | 'release'; back: number }
	| { kind: 'finish'; back: number; outcome: 'succeeded' | 'failed' | 'cancelled' | 'timed_out' };

const back = fc.nat(1);
const step: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 3, arbitrary: fc.constant<Step>({ kind: 'claim' }) },
	{ weight: 1, arbitrary: fc.constant<Step>({ kind: 'cancel' }) },
	{
		weight: 3,
		arbitrary: fc.record({
			kind: fc.constant('wait' as const),
			seconds: fc.integer({ min: 1, max: 90 }),
		}),
	},
	{
		weight: 5,
		arbitrary: fc.record({
			kind: fc.constantFrom('start', 'finishing', 'heartbeat', 'handBack', 'release' as const),
			back,
		}),
	},
	{
		weight: 1,
		arbitrary: fc.record({
			kind: fc.constant('finish' as const),
			back,
			outcome: fc.constantFrom('succeeded', 'failed', 'cancelled', 'timed_out' as const),
		}),
	},
);

const makeRun = (): Promise<string> =>
	world.makeRun({
		project: `p${++runs}`,
		spec: 'run: train\nneeds: { timeout: 3m, retries: 1 }',
	});

/** True where a step was let happen; what the tables refuse by name is a legal answer, anything else a bug. */
async function happens(work: Promise<unknown>): Promise<boolean> {
	try {
		await work;
		return true;
	} catch (error) {
		if (error instanceof CommandError) return false;
		throw error;
	}
}

test('whatever runners do, one attempt lives at most, and an ended run stays as it is', async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
			const run = await makeRun();
			const project = `p${runs}`;
			let seconds = 0;
			let ended: string | undefined;
			const at = (): string => new Date(seconds * 1000).toISOString();
			for (const one of steps) {
				const newest = (await tables.runs.find(run))!.attempt;
				const key = { run, attempt: newest - ('back' in one ? one.back : 0) };
				const { attempts } = tables;
				switch (one.kind) {
					case 'claim':
						await attempts.claim({
							runner: { id: `t/${run}`, name: 'r', tags: [] },
							projects: [project],
							tokenHash: `${run}-${newest + 1}`,
							at: at(),
						});
						break;
					case 'cancel':
						await happens(tables.runs.cancel(run, at()));
						break;
					case 'wait':
						seconds += one.seconds;
						await attempts.sweep({
							now: at(),
							silentSince: new Date((seconds - 30) * 1000).toISOString(),
							graceMs: 30_000,
						});
						break;
					case 'handBack':
						await attempts.handBack('t', [key], at());
						break;
					case 'finish': {
						const { outcome } = one;
						const rest = { exitCode: 0, signal: null, logBytes: 0, failedChunks: 0 };
						await happens(attempts.finish(key, { outcome, ...rest }, at()));
						break;
					}
					case 'heartbeat':
					case 'start':
					case 'finishing':
					case 'release':
						await happens(attempts[one.kind](key, at()));
				}
				const now = (await tables.runs.find(run))!;
				const list = await tables.attempts.list(run);
				const living = list.filter(({ outcome }) => outcome === null);
				expect(list.map(({ attempt }) => attempt)).toEqual(list.map((_, index) => index + 1));
				expect(living.length).toBe(now.state === 'queued' || isEnded(now.state) ? 0 : 1);
				if (living[0]) expect(living[0].attempt).toBe(now.attempt);
				expect(list.filter(({ outcome }) => outcome === 'lost').length).toBeLessThanOrEqual(4);
				expect(now.endedAt !== null).toBe(isEnded(now.state));
				if (ended !== undefined) expect(now.state).toBe(ended);
				if (isEnded(now.state)) ended = now.state;
			}
		}),
		{ numRuns: 60 },
	);
});
