import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { buffer, text } from 'node:stream/consumers';
import { gitEnvironment } from './environment.ts';

/** A git command that did not end with 0; `stderr` says why. */
export class GitError extends Error {
	readonly exitCode: number | null;
	readonly stderr: string;

	constructor(args: readonly string[], exitCode: number | null, stderr: string) {
		super(`git ${args.join(' ')} ended with ${exitCode ?? 'a signal'}: ${stderr.trim()}`);
		this.name = 'GitError';
		this.exitCode = exitCode;
		this.stderr = stderr;
	}
}

export interface GitOptions {
	readonly input?: string | Uint8Array;
	/** Added to the environment: a push's quarantine. */
	readonly environment?: Readonly<Record<string, string>>;
}

/** Starts git in a repository, with pipes on all three streams. */
export function startGit(
	repository: string,
	args: readonly string[],
	options: GitOptions = {},
): ChildProcessWithoutNullStreams {
	return spawn('git', ['--git-dir', repository, ...args], {
		env: { ...gitEnvironment(), ...options.environment },
		stdio: 'pipe',
	});
}

/** Runs git to its end and gives what it wrote. Throws a GitError when it ends with anything but 0. */
export async function runGit(
	repository: string,
	args: readonly string[],
	options: GitOptions = {},
): Promise<Buffer> {
	const child = startGit(repository, args, options);
	// A command may end before it has read its input; how it ended says why.
	child.stdin.on('error', () => undefined);
	child.stdin.end(options.input);
	const [stdout, stderr, exitCode] = await Promise.all([
		buffer(child.stdout),
		text(child.stderr),
		ended(child),
	]);
	if (exitCode !== 0) throw new GitError(args, exitCode, stderr);
	return stdout;
}

/** The exit code of a child, null when a signal ended it. Rejects when it could not be started. */
export async function ended(child: ChildProcessWithoutNullStreams): Promise<number | null> {
	const [exitCode] = (await once(child, 'close')) as [number | null];
	return exitCode;
}
