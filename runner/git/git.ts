import { execFile } from 'node:child_process';

/** The oldest git that can fetch one commit by its id from this server, with what configuration needs. */
const oldest = [2, 31] as const;

export interface GitOptions {
	readonly folder: string;
	readonly signal: AbortSignal;
	/** Given to the server as a header. It stands in the environment of this one process, never in a file. */
	readonly token?: string;
}

/** What git said when it failed. */
export class GitFailure extends Error {
	/** Asking again gives the same answer: no such commit, no such right. */
	readonly isFinal: boolean;

	constructor(args: readonly string[], stderr: string) {
		const said = stderr.trim().split('\n').slice(-5).join('\n');
		super(`git ${args[0]}: ${said}`);
		this.name = 'GitFailure';
		this.isFinal =
			/not our ref|not found|Authentication failed|requested URL returned error: 4/.test(stderr);
	}
}

/** Runs git without anybody's configuration and answers what it printed. Throws a GitFailure. */
export function git(
	args: readonly string[],
	{ folder, signal, token }: GitOptions,
): Promise<string> {
	const settings: [string, string][] = [
		['advice.detachedHead', 'false'],
		['gc.auto', '0'],
		['safe.directory', '*'],
		['core.hooksPath', '/dev/null'],
		['init.defaultBranch', 'main'],
	];
	if (token !== undefined) {
		const basic = Buffer.from(`runner:${token}`).toString('base64');
		settings.push(['http.extraHeader', `Authorization: Basic ${basic}`]);
	}
	const environment: Record<string, string> = {
		PATH: process.env['PATH'] ?? '',
		HOME: '/nonexistent',
		LC_ALL: 'C',
		GIT_CONFIG_NOSYSTEM: '1',
		GIT_CONFIG_GLOBAL: '/dev/null',
		GIT_TERMINAL_PROMPT: '0',
		GIT_CONFIG_COUNT: String(settings.length),
	};
	for (const [index, [key, value]] of settings.entries()) {
		environment[`GIT_CONFIG_KEY_${index}`] = key;
		environment[`GIT_CONFIG_VALUE_${index}`] = value;
	}
	return new Promise((resolve, reject) => {
		execFile(
			'git',
			args,
			{ cwd: folder, env: environment, signal, maxBuffer: 64 * 1024 * 1024 },
			(error, stdout, stderr) => {
				if (!error) return resolve(stdout);
				if (signal.aborted) return reject(new Error('stopped', { cause: error }));
				reject(new GitFailure(args, stderr || error.message));
			},
		);
	});
}

/** A sentence about what is wrong with the installed git, with the command that helps; undefined when it will do. */
export async function gitProblem(signal: AbortSignal): Promise<string | undefined> {
	let version: string;
	try {
		version = await git(['version'], { folder: '/', signal });
	} catch {
		return `git is missing, and the runner needs git ${oldest.join('.')} or newer. ${help()}`;
	}
	const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(version) ?? [];
	const isNew =
		Number(major) > oldest[0] || (Number(major) === oldest[0] && Number(minor) >= oldest[1]);
	return isNew
		? undefined
		: `git ${major}.${minor} is too old: the runner needs ${oldest.join('.')} or newer. ${help()}`;
}

function help(): string {
	return process.platform === 'darwin' ? 'Run: brew install git' : 'Run: sudo apt-get install git';
}
