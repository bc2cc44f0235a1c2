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
	/** Group of the command's processes, once it has started. */
	readonly started: Promise<number>;
	/** Resolves when the command and everything it started are gone and its output is in the files. */
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
		stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
		detached: true,
	});
	const [input, , , reports] = child.stdio as unknown as [Writable, null, null, Readable];
	// A supervisor that is gone takes no orders; its exit is handled below.
	input.on('error', () => undefined);
	input.write(`${JSON.stringify(order)}\n`);

	const started = Promise.withResolvers<number>();
	started.promise.catch(() => undefined);
	let last: Report | undefined;
	let group: number | undefined;
	createInterface({ input: reports }).on('line', (line) => {
		last = JSON.parse(line) as Report;
		if (last.kind === 'started') started.resolve((group = last.pid));
	});
	const exited = new Promise<Exit>((resolve, reject) => {
		child.on('error', reject);
		child.on('close', () => {
			started.reject(new Error('The command did not start.'));
			if (last?.kind === 'exited') return resolve({ exitCode: last.exitCode, signal: last.signal });
			// The supervisor failed or was killed itself: do its work.
			const cause = last?.kind === 'failed' ? last.cause : 'its supervisor was killed';
			endProcesses({ group, mark: order.mark }, 0).then(
				() => reject(new Error(`The command was ended: ${cause}.`)),
				reject,
			);
		});
	});
	return {
		started: started.promise,
		exited,
		stop: () => {
			input.write('stop\n');
		},
	};
}
