import fc from 'fast-check';
import { afterEach, beforeEach, test, vi } from 'vitest';
import { play, steps, type Step } from './world/play.ts';

/**
 * People on several devices and tabs, over networks that break at any byte, with rights that come and go and a
 * server that is killed: they all converge, what was acknowledged is there, nobody hears what they may not, and
 * the tables say what the documents say. `WORLDS=2000` tries that many; one that fails is printed with its seed,
 * shrunk to the steps that matter.
 */
const worlds = Number(process.env['WORLDS'] ?? 40);

beforeEach(() => {
	vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
});
afterEach(() => vi.useRealTimers());

const settings = <S extends 'memory' | 'sqlite'>(store: S) =>
	fc.record({
		store: fc.constant(store),
		compactionRows: fc.integer({ min: 2, max: 12 }),
		keepsIdle: fc.boolean(),
	});
const inMemory = { store: 'memory', compactionRows: 2, keepsIdle: false } as const;
const laras = { device: 0, path: 0, tab: 0 } as const;

/** Worlds that failed once. */
const failedOnce: readonly (readonly Step[])[] = [
	// Somebody left while a document was read, somebody else waited for it: they got one that nobody kept.
	[
		{ kind: 'disk is slow' },
		{ kind: 'edit', ...laras, gestures: [{ kind: 'region', item: 0, number: 0 }] },
		{ kind: 'connect', ...laras },
		{ kind: 'cut', ...laras },
		{ kind: 'connect', ...laras },
	],
	// A commit failed whose bytes were there: the tables never heard of the submission.
	[
		{ kind: 'fsync fails' },
		{ kind: 'everybody connects', path: 0 },
		{ kind: 'edit', ...laras, gestures: [{ kind: 'submit', item: 0, number: 0 }] },
	],
	[
		{ kind: 'connect', ...laras },
		{ kind: 'edit', ...laras, gestures: [{ kind: 'submit', item: 0, number: 0 }] },
		{
			kind: 'edit',
			device: 4,
			path: 0,
			tab: 0,
			gestures: [{ kind: 'submit', item: 0, number: 0 }],
		},
		{ kind: 'role', user: 'rita', role: 'viewer' },
		{ kind: 'time', seconds: 1 },
		{ kind: 'everybody connects', path: 0 },
		{ kind: 'crash' },
		{ kind: 'open tab', device: 0, path: 0, tab: 0 },
	],
];

test('S1 S2 S7 worlds converge, keep what they acknowledged, and tell nobody too much', async () => {
	await fc.assert(fc.asyncProperty(steps(150), settings('memory'), play), {
		numRuns: worlds,
		examples: failedOnce.map((failed): [Step[], typeof inMemory] => [[...failed], inMemory]),
	});
}, 7_200_000);

test('S1 S2 S7 the same on the real disk', async () => {
	await fc.assert(fc.asyncProperty(steps(60), settings('sqlite'), play), {
		numRuns: Math.ceil(worlds / 10),
	});
}, 7_200_000);
