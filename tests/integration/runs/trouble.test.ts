import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MetricsReply } from '#shared/api/replies.ts';
import { processesWith, RunWorld, until } from './run-world.ts';

let world: RunWorld;

beforeEach(async () => {
	world = await RunWorld.open();
});
afterEach(async () => {
	await world.close();
	expect(world.faults).toEqual([]);
});

/** Counts steps, goes on from a checkpoint, and ends when a file named `go` lies beside its checkpoint. */
const patient = `
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
const kept = process.env.FLYWHEEL_CHECKPOINT_DIR + '/step';
let step = existsSync(kept) ? Number(readFileSync(kept, 'utf8')) : 0;
console.log('begins at ' + step);
if (process.argv[2]) spawn('sleep', [process.argv[2]], { stdio: 'ignore' });
if (process.argv[2]) spawn('sleep', [process.argv[2]], { stdio: 'ignore', detached: true });
if (process.argv[3]) process.on('SIGTERM', () => console.log('will not end'));
const timer = setInterval(() => {
	step++;
	console.log(JSON.stringify({ step, loss: 1 / step }));
	if (step % 5 === 0) writeFileSync(kept, String(step));
	if (existsSync(process.env.FLYWHEEL_CHECKPOINT_DIR + '/go')) {
		clearInterval(timer);
		process.exit(0);
	}
}, 20);
`;
const pushPatient = (name: string, run = 'node patient.mjs', more = '') =>
	world.push(name, { 'patient.mjs': patient, 'flywheel.yml': `run: ${run}\n${more}` });

/** Lets the patient script of a run end. */
async function letGo(work: string): Promise<void> {
	const { writeFile } = await import('node:fs/promises');
	for (const run of await readdir(join(work, 'checkpoints')))
		await writeFile(join(work, 'checkpoints', run, 'go'), '');
}

async function lossSteps(run: string): Promise<readonly number[]> {
	const { series } = await world.call<MetricsReply>('GET', `/api/runs/${run}/metrics?points=10000`);
	return series.find(({ key }) => key === 'loss')?.steps ?? [];
}

const stepsReach = (run: string, least: number) =>
	until(`run ${run} to reach step ${least}`, async () => {
		const steps = await lossSteps(run);
		return (steps.at(-1) ?? 0) >= least ? steps : undefined;
	});

test('a runner killed in the middle leaves no process, and the run goes on without gap or double point', async () => {
	const seconds = '98761';
	const first = world.startRunner('one');
	await pushPatient('killed', `node patient.mjs ${seconds}`);
	await stepsReach('1', 30);
	expect(await processesWith(`sleep ${seconds}`)).not.toEqual([]);

	await first.kill();
	await until('every process to be gone', async () =>
		(await processesWith(seconds)).length === 0 ? true : undefined,
	);

	const began = Date.now();
	const second = world.startRunner('one');
	await until('the second attempt', async () =>
		(await world.run('1')).attempt === 2 ? true : undefined,
	);
	expect(Date.now() - began).toBeLessThan(5000);
	const { attempts } = await world.run('1');
	expect(attempts[0]).toMatchObject({ outcome: 'handed_back' });
	await until('steps of the second attempt', async () =>
		(await world.log('1')).includes('── attempt 2, on one ──') && (await lossSteps('1')).length > 60
			? true
			: undefined,
	);
	await letGo(second.work);
	await world.reaches('1', 'succeeded');
	const steps = await lossSteps('1');
	expect(steps).toEqual(Array.from({ length: steps.length }, (_, n) => n + 1));
	const { attempts: takeovers } = await world.call<MetricsReply>('GET', '/api/runs/1/metrics');
	expect(takeovers).toHaveLength(1);
	await second.hasClearedUp();
	expect(await readdir(join(second.work, 'checkpoints'))).toEqual([]);
});

test('a cancelled run ends with all its processes, also one that will not listen', async () => {
	const seconds = '98762';
	const runner = world.startRunner('one');
	await pushPatient('cancelled', `node patient.mjs ${seconds} stubborn`);
	await stepsReach('1', 10);
	await world.call('POST', '/api/runs/1/cancel');
	const run = await world.reaches('1', 'cancelled', 'failed');
	expect(run.state).toBe('cancelled');
	expect(await world.log('1')).toContain('will not end');
	expect(await processesWith(seconds)).toEqual([]);
	await runner.hasClearedUp();
});

test('a run that takes too long is timed out', async () => {
	world.startRunner('one');
	await pushPatient('slow', 'node patient.mjs', 'needs: { timeout: 1s }\n');
	const run = await world.reaches('1', 'timed_out', 'failed');
	expect(run).toMatchObject({ state: 'timed_out', cause: 'It took longer than 1 s.' });
});

test('a script that fails says why, and is tried again as often as it asked for', async () => {
	world.startRunner('one');
	await world.push('failing', {
		'flywheel.yml': 'run: echo no luck >&2; exit 3\nneeds: { retries: 1 }\n',
	});
	const run = await world.reaches('1', 'failed', 'succeeded');
	expect(run).toMatchObject({
		state: 'failed',
		cause: 'The command ended with exit code 3.',
		attempt: 2,
		modelCommit: null,
	});
	expect(run.attempts.map(({ exitCode }) => exitCode)).toEqual([3, 3]);
	expect((await world.log('1')).match(/^no luck$/gm)).toHaveLength(2);
	const { run: again } = await world.call<{ run: string }>('POST', '/api/runs/1/retry');
	expect(await world.reaches(again, 'failed')).toMatchObject({ codeCommit: run.codeCommit });
});

test('a connection that is cut for a while costs nothing', async () => {
	const runner = world.startRunner('one');
	await pushPatient('cut');
	await stepsReach('1', 10);
	await world.relay.cut('refused');
	const before = (await lossSteps('1')).length;
	await until('the script to go on', async () => {
		const folders = await runner.attemptFolders();
		const { stat } = await import('node:fs/promises');
		const log = await stat(join(runner.work, 'attempts', folders[0]!, 'printed.jsonl'));
		return log.size > 5000 ? true : undefined;
	});
	expect((await lossSteps('1')).length).toBe(before);
	// The server gives the attempt up; nobody else takes the run, so the runner may come back to it.
	world.aheadMs += 60_000;
	await world.reaches('1', 'queued');
	await world.relay.open();
	await world.reaches('1', 'running');
	await world.relay.cut('reset');
	await letGo(runner.work);
	const run = await world.reaches('1', 'succeeded');
	expect(run.attempt).toBe(1);
	const steps = await lossSteps('1');
	expect(steps).toEqual(Array.from({ length: steps.length }, (_, n) => n + 1));
	expect((await world.log('1')).match(/"step":7,/g)).toHaveLength(1);
});

test('an attempt whose run was taken by another runner stops at once', async () => {
	const seconds = '98763';
	const first = world.startRunner('one');
	await pushPatient('taken', `node patient.mjs ${seconds}`);
	await stepsReach('1', 10);
	await world.relay.cut('refused');
	world.aheadMs += 60_000;
	await world.reaches('1', 'queued');
	await world.tables.attempts.claim({
		runner: { id: 'token-9/two', name: 'two', tags: [] },
		projects: null,
		tokenHash: 'two',
		at: new Date(Date.now() + world.aheadMs).toISOString(),
	});
	await world.relay.open();
	await until('the first runner to stop', () =>
		Promise.resolve(first.output.includes('Run 1: superseded') || undefined),
	);
	expect(await processesWith(seconds)).toEqual([]);
	expect(await world.run('1')).toMatchObject({ attempt: 2, runner: 'two', state: 'preparing' });
});

test('a runner that is stopped hands its attempt back', async () => {
	const seconds = '98764';
	const runner = world.startRunner('one');
	await pushPatient('stopped', `node patient.mjs ${seconds}`);
	await stepsReach('1', 10);
	await runner.stop();
	expect(await processesWith(seconds)).toEqual([]);
	expect(await world.run('1')).toMatchObject({ state: 'queued', attempt: 1, runner: null });
});

test('a run that keeps what was never written fails and says so', async () => {
	world.startRunner('one');
	await world.push('empty', { 'flywheel.yml': 'run: "true"\nkeep: [model/]\n' });
	expect(await world.reaches('1', 'failed', 'succeeded')).toMatchObject({
		state: 'failed',
		cause: 'flywheel.yml keeps model/, but the command has not written it.',
	});
});

test('a sweep makes a run per combination, and a setup is done once', async () => {
	world.startRunner('one', '--tags', 'gpu,big');
	const said = await world.push('swept', {
		'needs.txt': 'a',
		'flywheel.yml':
			'run: cat made; echo rate {lr}; cat ~/home-made\nsetup: echo setting up; cat needs.txt > made; echo kept > ~/home-made\nsweep: { lr: [0.1, 0.2] }\nneeds: { tags: [gpu] }\n',
	});
	expect(said).toContain('Run 2 is queued (lr 0.2): http');
	const [one, two] = [await world.reaches('1', 'succeeded'), await world.reaches('2', 'succeeded')];
	expect([one.modelBranch, two.modelBranch]).toEqual(['model/swept-1', 'model/swept-2']);
	expect(two.params).toEqual({ lr: 0.2 });
	expect(await world.log('1')).toContain('setting up\n');
	const log = await world.log('2');
	expect(log).toContain('Set up as before');
	expect(log).not.toContain('setting up\n');
	expect(log).toContain('arate 0.2\nkept\n');
});

test('runs wait for a runner with their tags and of their own people', async () => {
	await pushPatient('tagged', 'node patient.mjs', 'needs: { tags: [gpu] }\n');
	const claim = (as: string, tags: string[]) =>
		world.call<{ run: string } | undefined>(
			'POST',
			'/api/runner/claim',
			{ protocol: 1, name: 'x', tags, waitMs: 0 },
			as,
		);
	expect(await claim('machine', [])).toBeUndefined();
	expect(await claim('foreign', ['gpu'])).toBeUndefined();
	await expect(claim('ada', ['gpu'])).rejects.toThrow('404');
	expect(await claim('machine', ['gpu'])).toMatchObject({ run: '1', attempt: 1 });
	await expect(
		world.call('POST', '/api/runner/claim', { protocol: 0, name: 'x' }, 'machine'),
	).rejects.toThrow('protocol_too_old');
});

test('metrics come from stdout, the metrics file, and declared files and folders alike', async () => {
	world.startRunner('one');
	await world.push('measured', {
		'flywheel.yml': 'run: sh measure.sh\nmetrics: [one.jsonl, many/]\npredictions: missing.jsonl\n',
		'measure.sh': `mkdir -p many/deep; echo '{"step":1,"a":1}'; echo '{"step":1,"b":2}' > $FLYWHEEL_METRICS_FILE
echo '{"step":1,"c":3}' > one.jsonl; printf '{"step":1,"d":4}\\n{"step":2,"d":5}' > many/deep/x.jsonl; touch many/events.out.tfevents.1\n`,
	});
	const run = await world.reaches('1', 'failed', 'succeeded');
	expect(run.cause).toBe('flywheel.yml names missing.jsonl, but the command has not written it.');
	const { series } = await world.call<MetricsReply>('GET', '/api/runs/1/metrics');
	expect(series.map(({ key, values }) => [key, ...values])).toEqual([
		['a', 1],
		['b', 2],
		['c', 3],
		['d', 4, 5],
	]);
	expect(await world.log('1')).toContain('many/events.out.tfevents.1 is not read');
});
