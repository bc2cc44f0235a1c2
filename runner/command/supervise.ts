import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { endProcesses } from './end-processes.ts';

/**
 * A process of its own that stands between the runner and the command. It holds the reading end of a pipe
 * from the runner: when the runner is gone, however it went, the pipe closes, and the command's processes are
 * ended. First line of stdin: what to run. A later line `stop`, or the end: end it. What happens is said on
 * file descriptor 3, one JSON line each. The command's output goes straight to the runner.
 */
export interface Order {
	readonly command: string;
	readonly folder: string;
	readonly environment: Readonly<Record<string, string>>;
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
	  };

/** Children that a command leaves behind when it ends by itself get this long at most. */
const strayGraceMs = 2000;

const lines = createInterface({ input: process.stdin });
let order: Order | undefined;
let group: number | undefined;
let isStopping = false;
process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());

lines.on('line', (line) => {
	if (order === undefined) start((order = JSON.parse(line) as Order));
	else if (line === 'stop') void stop();
});
lines.on('close', () => void stop());

function start({ command, folder, environment, graceMs, mark }: Order): void {
	const child = spawn('/bin/sh', ['-c', command], {
		cwd: folder,
		env: environment,
		stdio: ['ignore', 'inherit', 'inherit'],
		detached: true,
	});
	group = child.pid;
	if (child.pid !== undefined) report({ kind: 'started', pid: child.pid });
	child.on('error', (error) => {
		process.stderr.write(`The command cannot be started: ${error.message}\n`);
		leave({ kind: 'exited', exitCode: 127, signal: null });
	});
	child.on('exit', (exitCode, signal) => {
		endProcesses({ group, mark }, isStopping ? graceMs : Math.min(graceMs, strayGraceMs)).then(
			() => leave({ kind: 'exited', exitCode, signal }),
			(error: unknown) => {
				process.stderr.write(`${String(error)}\n`);
				leave({ kind: 'exited', exitCode: exitCode ?? 1, signal });
			},
		);
	});
}

async function stop(): Promise<void> {
	if (isStopping) return;
	isStopping = true;
	if (order === undefined || group === undefined) return process.exit(0);
	await endProcesses({ group, mark: order.mark }, order.graceMs);
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
