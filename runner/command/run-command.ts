import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { endProcesses } from './end-processes.ts';
import type { Order, Report } from './supervise.ts';

export interface Exit {
	readonly exitCode: number | null;
	readonly signal: string | null;
}

export interface RunningCommand {
	readonly stdout: Readable;
	readonly stderr: Readable;
	/** Group of the command's processes, once it has started. */
	readonly started: Promise<number>;
	/** Resolves when the command and everything it started are gone and all output was read. */
	readonly exited: Promise<Exit>;
	/** Asks it to end, then kills it; `exited` tells when that is done. */
	stop(): void;
}

const supervisor = fileURLToPath(new URL('./supervise.ts', import.meta.url));

/** Runs a shell command under a supervisor that ends it when this process is gone. */
export function runCommand(order: Order): RunningCommand {
	const child = spawn(process.execPath, [supervisor], {
		cwd: dirname(supervisor),
		// Nothing of the runner's own environment (its token!) is passed on.
		env: { PATH: order.environment['PATH'] ?? '' },
		stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
		detached: true,
	});
	const [input, stdout, stderr, reports] = child.stdio as unknown as [
		Writable,
		Readable,
		Readable,
		Readable,
	];
	// A supervisor that is gone takes no orders; its exit is handled below.
	input.on('error', () => undefined);
	input.write(`${JSON.stringify(order)}\n`);

	const started = Promise.withResolvers<number>();
	started.promise.catch(() => undefined);
	let exit: Exit | undefined;
	let group: number | undefined;
	createInterface({ input: reports }).on('line', (line) => {
		const report = JSON.parse(line) as Report;
		if (report.kind === 'started') started.resolve((group = report.pid));
		else exit = { exitCode: report.exitCode, signal: report.signal };
	});
	const exited = new Promise<Exit>((resolve, reject) => {
		child.on('error', reject);
		child.on('close', () => {
			started.reject(new Error('The command did not start.'));
			if (exit) return resolve(exit);
			// The supervisor itself was killed: do its work.
			endProcesses({ group, mark: order.mark }, 0).then(
				() => resolve({ exitCode: null, signal: 'SIGKILL' }),
				reject,
			);
		});
	});
	// If the supervisor dies, its children keep our pipes open and `close` would never come: end them first.
	child.on('exit', () => {
		if (!exit) void endProcesses({ group, mark: order.mark }, 0).catch(() => undefined);
	});
	return {
		stdout,
		stderr,
		started: started.promise,
		exited,
		stop: () => {
			input.write('stop\n');
		},
	};
}
