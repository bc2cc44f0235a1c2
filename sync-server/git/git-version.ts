import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** `core.fsync` and `fsyncMethod` came with 2.36: without them git acknowledges what a power cut takes back. */
const oldest = [2, 36] as const;

const remedy =
	'Install it with your system’s packages (Debian: apt-get install git; macOS: brew install git) and start again.';

/** What is wrong with the machine's git and what to do about it, or undefined when it will do. */
export async function gitProblem(): Promise<string | undefined> {
	try {
		const { stdout } = await promisify(execFile)('git', ['--version']);
		return problemOf(stdout);
	} catch (cause) {
		if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
		return `Flywheel needs git ${oldest.join('.')} or newer and finds none. ${remedy}`;
	}
}

/** Judges the line that `git --version` prints. */
export function problemOf(line: string): string | undefined {
	const [, major, minor] = /(\d+)\.(\d+)/.exec(line) ?? [];
	const isEnough =
		Number(major) > oldest[0] || (Number(major) === oldest[0] && Number(minor) >= oldest[1]);
	if (isEnough) return undefined;
	return `Flywheel needs git ${oldest.join('.')} or newer; this machine has "${line.trim()}". ${remedy}`;
}
