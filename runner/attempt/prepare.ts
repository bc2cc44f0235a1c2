import { join } from 'node:path';
import type { Assignment } from '#shared/api/runner-protocol.ts';
import { commandEnvironment } from '../command/environment.ts';
import type { Exit } from '../command/run-command.ts';
import { openSetupCache } from '../command/setup-cache.ts';
import { runData } from '../files/run-data.ts';
import { fetchCommit } from '../git/fetch-commit.ts';
import { LfsClient } from '../git/lfs.ts';
import { findPointers } from '../git/pointers.ts';
import type { Options } from '../options.ts';
import type { AttemptFolder } from './attempt-folder.ts';

export interface Preparation {
	readonly assignment: Assignment;
	readonly folder: AttemptFolder;
	readonly options: Options;
	readonly repository: string;
	readonly signal: AbortSignal;
	readonly say: (line: string) => Promise<void>;
	/** Runs a command to its end, its output going where the attempt's goes. */
	readonly run: (command: string, environment: Record<string, string>) => Promise<Exit>;
}

/** Puts code, data and setup in place and answers the environment for the command. */
export async function prepare(preparation: Preparation): Promise<Record<string, string>> {
	const { assignment, folder, options, repository, signal, say } = preparation;
	const { codeCommit, dataCommit, token, spec } = assignment;
	await say(`Fetching code ${codeCommit.slice(0, 12)}`);
	const from = { repository, token, signal };
	await fetchCommit({ ...from, folder: folder.checkout, commit: codeCommit });
	const pointers = await findPointers(folder.checkout);
	if (pointers.length > 0) await say(`Fetching ${pointers.length} large files`);
	await new LfsClient(repository, token, signal).download(pointers);
	const dataFolder = await runData({
		...from,
		cache: join(options.work, 'data'),
		commit: dataCommit,
		say,
	});
	const environment = commandEnvironment(assignment, folder, {
		dataFolder,
		own: process.env,
		names: options.env,
	});
	if (spec.setup !== undefined) await setUp(preparation, spec.setup, environment);
	return environment;
}

async function setUp(
	{ folder, options, signal, say, run }: Preparation,
	command: string,
	environment: Record<string, string>,
): Promise<void> {
	const cache = await openSetupCache(join(options.work, 'setups'), folder.checkout, command);
	if (await cache.restore(folder.checkout, folder.home)) return say(`Set up as before: ${command}`);
	await say(`Setting up: ${command}`);
	const { exitCode } = await run(command, environment);
	if (exitCode !== 0) throw new Error(`The setup ended with exit code ${exitCode}.`);
	await cache.keep(folder.checkout, folder.home, signal);
}
