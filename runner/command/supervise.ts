import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { endProcesses } from './end-processes.ts';
import { keepOutput, type OutputPlaces } from './keep-output.ts';

/**
 * A process of its own that stands between the runner and the command. It holds the reading end of a pipe
 * from the runner: when the runner is gone, however it went, the pipe closes, and the command's processes are
 * ended. First line of stdin: what to run. A later line `stop`, or the end: end it. What happens is said on
 * file descriptor 3, one JSON line each. What the command prints goes into files, so that a runner which is
 * killed loses none of it: the next one finds them.
 */
export interface Order {
	readonly command: string;
	readonly folder: string;
	readonly environment: Readonly<Record<string, string>>;
	readonly output: OutputPlaces;
	readonly graceMs: number;
	/** `HOME=…`, see endProcesses. */
	readonly mark: string;
}

export type Report =
	| { readonly kind: 'started'; readonly pid: number }
	| {
			readonly kind: 'exited';
			readonly exitCode: number | null;
			readonly signal: NodeJS.Signals | null;
	  }
	/** It could not be run, or not be ended. */
	| { readonly kind: 'failed'; readonly cause: string };

/** Children that a command leaves behind when it ends by itself get this long at most. */
const strayGraceMs = 2000;
/** Output still held open by something that cannot be found any more is not waited for. */
const outputGraceMs = 2000;

const lines = createInterface({ input: process.stdin });
let order: Order | undefined;
let group: number | undefined;
let isStopping = false;
process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());
process.on('SIGHUP', () => void stop());

lines.on('line', (line) => {
	if (order === undefined) start((order = JSON.parse(line) as Order));
	else if (line === 'stop') void stop();
});
lines.on('close', () => void stop());

function start({ command, folder, environment, output, graceMs, mark }: Order): void {
	const child = spawn('/bin/sh', ['-c', command], {
		cwd: folder,
		env: environment,
		stdio: ['ignore', 'pipe', 'pipe'],
		detached: true,
	});
	group = child.pid;
	if (child.pid !== undefined) report({ kind: 'started', pid: child.pid });
	child.on('error', (error) => leave({ kind: 'failed', cause: error.message }));
	const kept = keepOutput(child, output);
	kept.catch((error: unknown) => leave({ kind: 'failed', cause: String(error) }));
	child.on('exit', (exitCode, signal) => {
		endProcesses({ group, mark }, isStopping ? graceMs : Math.min(graceMs, strayGraceMs))
			.then(() => Promise.race([kept, delay(outputGraceMs)]))
			.then(
				() => leave({ kind: 'exited', exitCode, signal }),
				(error: unknown) => leave({ kind: 'failed', cause: String(error) }),
			);
	});
}

async function stop(): Promise<void> {
	if (isStopping) return;
	isStopping = true;
	if (order === undefined || group === undefined) return process.exit(0);
	try {
		await endProcesses({ group, mark: order.mark }, order.graceMs);
	} catch (error) {
		leave({ kind: 'failed', cause: String(error) });
	}
}

function report(message: Report): void {
	try {
		writeSync(3, `${JSON.stringify(message)}\n`);
	} catch (error) {
		// The runner is gone; what is left to do is to end the command, which the closed pipe started.
		if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
	}
}

function leave(message: Report): void {
	report(message);
	process.exit(0);
}
