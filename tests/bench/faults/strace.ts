import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

const program = 'strace';

/** Something that this machine does not let one do, and why. */
export class NotPossible extends Error {
	constructor(reason: string, options?: ErrorOptions) {
		super(reason, options);
		this.name = 'NotPossible';
	}
}

/** A running strace; `stop` lets the process go on as it was. */
interface Attached {
	stop(): Promise<void>;
}

function installed(): boolean {
	try {
		execFileSync(program, ['-V'], { stdio: 'ignore' });
		return true;
	} catch {
		return false; // told of with the command that brings it
	}
}

/**
 * Watches the system calls of a running process and its threads, or has the kernel answer them otherwise.
 * Throws NotPossible where there is no strace, or no right to use it.
 */
export async function attachStrace(pid: number, options: readonly string[]): Promise<Attached> {
	if (process.platform !== 'linux') throw new NotPossible('strace is a program of Linux');
	if (!installed()) throw new NotPossible('strace is missing: apt-get install strace');
	const child = spawn(program, ['-f', '-p', String(pid), ...options], {
		stdio: ['ignore', 'ignore', 'pipe'],
	});
	const exit = once(child, 'exit');
	let said = '';
	let isAttached = false;
	for await (const line of createInterface({ input: child.stderr })) {
		said += `${line} `;
		if (/: Process \d+ attached/.test(line)) {
			isAttached = true;
			break;
		}
	}
	if (!isAttached) throw new NotPossible(`strace could not attach: ${said.trim()}${hint()}`);
	child.stderr.resume();
	return {
		async stop() {
			child.kill('SIGINT');
			await exit;
		},
	};
}

function hint(): string {
	const isGuarded = existsSync('/proc/sys/kernel/yama/ptrace_scope') && process.getuid?.() !== 0;
	return isGuarded ? ' (as root, or after: sysctl -w kernel.yama.ptrace_scope=0)' : '';
}
