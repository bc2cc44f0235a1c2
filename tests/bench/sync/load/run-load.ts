import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { FanOut, FanOutResult } from './fan-out.ts';
import type { Waves, WavesResult } from './waves.ts';

type Said = { readonly result: FanOutResult | WavesResult } | { readonly failure: string };

/** Runs a load in a process of its own. Rejects with what went wrong there. */
export async function runLoad<Job extends FanOut | Waves>(
	job: Job,
): Promise<Job extends FanOut ? FanOutResult : WavesResult> {
	const child = fork(join(import.meta.dirname, 'load-process.ts'), {
		execArgv: ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=64'],
	});
	const exit = once(child, 'exit');
	child.send(job);
	const said = await Promise.race([
		once(child, 'message').then(([message]) => message as Said),
		exit.then((): Said => ({ failure: 'the load ended before it was over' })),
	]);
	await exit;
	if ('failure' in said) throw new Error(`${job.kind} on ${job.target.dialect}: ${said.failure}`);
	return said.result as Job extends FanOut ? FanOutResult : WavesResult;
}
