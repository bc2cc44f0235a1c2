import { expect, test } from 'vitest';
import { modelBranches } from '#app/model/model-branches.ts';
import { attemptWords, runnerName } from '#app/model/run-detail.ts';
import {
	halfWidth,
	metricText,
	runDurationMs,
	runProgress,
	runStateWords,
	runTrouble,
} from '#app/model/run-words.ts';
import type { Row } from '#shared/replica/rows.ts';
import { runStates } from '#shared/run/run-state.ts';

const run: Row<'runs'> = {
	id: '12',
	project: 'reviews',
	name: 'first',
	state: 'running',
	cause: null,
	codeCommit: 'c'.repeat(40),
	codeMessage: 'Try',
	dataName: 'main',
	dataCommit: 'd'.repeat(40),
	params: { epochs: 20 },
	attempt: 1,
	runner: 'token/here',
	by: 'mira',
	createdAt: '2026-01-01T10:00:00.000Z',
	startedAt: '2026-01-01T10:00:02.000Z',
	endedAt: null,
	last: { step: 300, epoch: 3, loss: 0.4 },
	quality: null,
	modelBranch: null,
	modelCommit: null,
	predictions: 0,
};
const runner: Row<'runners'> = {
	id: 'r',
	name: 'here',
	tags: [],
	state: 'idle',
	run: null,
	lastSeenAt: run.createdAt,
};

test('every state has its words; what ended badly says why and what to do', () => {
	for (const state of runStates) expect(runStateWords[state].text).not.toBe('');
	expect(runTrouble(run, [runner])).toBeUndefined();
	expect(runTrouble({ ...run, state: 'failed', cause: 'It ran out of memory.' }, [])).toMatchObject(
		{
			tone: 'bad',
			text: 'It ran out of memory.',
		},
	);
	expect(runTrouble({ ...run, state: 'timed_out' }, [])!.hint).toContain('needs.timeout');
});

test('a queued run says when nobody is there to take it', () => {
	const queued = { ...run, state: 'queued' as const };
	expect(runTrouble(queued, [runner])).toBeUndefined();
	expect(runTrouble(queued, [{ ...runner, state: 'away' }])!.text).toBe('No runner is connected.');
	expect(runTrouble(queued, [])).toBeDefined();
});

test('time runs from the start to the end, or to now', () => {
	const nowMs = Date.parse('2026-01-01T10:01:02.000Z');
	expect(runDurationMs(run, nowMs)).toBe(60_000);
	expect(runDurationMs({ ...run, endedAt: '2026-01-01T10:00:05.000Z' }, nowMs)).toBe(3000);
	expect(runDurationMs({ ...run, startedAt: null }, nowMs)).toBeUndefined();
});

test('progress is known where a parameter says how far it goes, and only while it goes', () => {
	expect(runProgress(run)).toEqual({ done: 3, of: 20, unit: 'epoch' });
	expect(runProgress({ ...run, last: { step: 7 } })).toEqual({ done: 7, of: 20, unit: 'epoch' });
	expect(runProgress({ ...run, last: { step: 300 } })).toBeUndefined();
	expect(runProgress({ ...run, params: {} })).toBeUndefined();
	expect(runProgress({ ...run, state: 'succeeded' })).toBeUndefined();
});

test('the wider side of an interval is what is shown', () => {
	expect(
		halfWidth({ metric: 'accuracy', value: 0.85, low: 0.778, high: 0.902, n: 127, on: ['valid'] }),
	).toBe('±7.2');
});

test.each([
	[0.153283, '0.1533'],
	[25, '25'],
	[1234.5678, '1234.6'],
	[0.00001234, '1.23e-5'],
	[null, ''],
	[undefined, ''],
	[Infinity, '∞'],
])('a metric of %j reads %j', (value, text) => expect(metricText(value)).toBe(text));

test('an attempt says how it ended', () => {
	const attempt = {
		attempt: 1,
		runner: 'token/here',
		claimedAt: '',
		startedAt: null,
		endedAt: null,
		outcome: null,
		exitCode: null,
		signal: null,
	};
	expect(attemptWords(attempt)).toBe('preparing');
	expect(attemptWords({ ...attempt, startedAt: 'x' })).toBe('running');
	expect(attemptWords({ ...attempt, outcome: 'failed', exitCode: 1 })).toBe('failed (exit code 1)');
	expect(attemptWords({ ...attempt, outcome: 'failed', signal: 'SIGKILL' })).toBe(
		'failed (SIGKILL)',
	);
	expect(attemptWords({ ...attempt, outcome: 'lost' })).toBe('lost: the runner went silent');
	expect(runnerName('token/here')).toBe('here');
});

test('a model branch is where its newest run left it; the branch that moved last comes first', () => {
	const models = modelBranches([
		{ ...run, id: '9', modelBranch: 'model/a', modelCommit: 'a9' },
		{ ...run, id: '10', modelBranch: 'model/b', modelCommit: 'b10' },
		{ ...run, id: '11', modelBranch: 'model/a', modelCommit: 'a11' },
		run,
	]);
	expect(models.map(({ branch, newest, runs }) => [branch, newest.id, runs.length])).toEqual([
		['model/a', '11', 2],
		['model/b', '10', 1],
	]);
});
