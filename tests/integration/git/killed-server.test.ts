import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Flywheel } from '../../support/flywheel.ts';

const run = promisify(execFile);
let flywheel: Flywheel;
let work: string;

const git = async (...args: string[]): Promise<string> =>
	(
		await run('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], {
			cwd: work,
		})
	).stdout;

beforeAll(async () => {
	flywheel = await Flywheel.startEmpty();
	const schema = {
		shows: [{ field: 'text', as: 'text' }],
		tools: [{ name: 'sentiment', kind: 'choice', required: true, options: [{ name: 'good' }] }],
	};
	await flywheel.call('POST', '/api/projects', { name: 'Wheel', schema });
	await flywheel.call('POST', '/api/projects/wheel/snapshots', { name: 'main', message: 'Empty' });
	work = join(flywheel.home, 'work');
	const remote = flywheel.url.replace('://', `://x:${flywheel.token}@`);
	await run('git', ['clone', '-q', `${remote}/git/wheel.git`, work]);
});
afterAll(() => flywheel.remove());

interface RunRow {
	readonly codeCommit: string;
}

// From before the upload to after the answer: a push takes about 250 ms.
test.each([20, 80, 120, 160, 200, 260])(
	'a push cut by kill -9 of the server after %i ms has its run if its branch moved',
	async (delayMs) => {
		const name = `cut-${delayMs}`;
		await git('commit', '-q', '--allow-empty', '-m', name);
		const commit = (await git('rev-parse', 'HEAD')).trim();
		const push = spawn('git', ['push', '-q', 'origin', `HEAD:train/${name}`], {
			cwd: work,
			stdio: 'ignore',
		});
		const ended = once(push, 'exit');
		await Promise.race([ended, new Promise((done) => setTimeout(done, delayMs))]);
		await flywheel.kill();
		const [exitCode] = (await ended) as [number];
		await flywheel.launch();
		const moved = (await git('ls-remote', 'origin', `refs/heads/train/${name}`)).slice(0, 40);
		if (exitCode === 0) expect(moved).toBe(commit);
		const runsOfIt = async (): Promise<number> => {
			const { runs } = await flywheel.call<{ runs: RunRow[] }>('GET', '/api/projects/wheel/runs');
			return runs.filter(({ codeCommit }) => codeCommit === commit).length;
		};
		await expect.poll(runsOfIt).toBe(moved === commit ? 1 : 0);
	},
	60_000,
);
