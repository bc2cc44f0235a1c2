import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** How a runner was started. */
export interface Options {
	readonly server: string;
	readonly token: string;
	readonly name: string;
	readonly tags: readonly string[];
	/** The work folder, absolute. */
	readonly work: string;
	/** Names of the runner's environment that commands may see. */
	readonly env: readonly string[];
	/** Between asking a command to end and killing it. */
	readonly graceMs: number;
	/** End when stdin ends: the runner belongs to the process that started it. */
	readonly isTied: boolean;
}

export const usage = `npm run runner -- --server URL --token T [--name N] [--tags gpu,a100] [--work DIR] [--env NAME…] [--grace SECONDS]

  --server  address of the server
  --token   a runner token (or FLYWHEEL_RUNNER_TOKEN in the environment, which ps does not show)
  --name    how the runner is called on the pages (the host's name)
  --tags    what this machine has; a run that needs tags goes to a runner that has them all
  --work    where checkouts, data and checkpoints are kept (.flywheel-runner)
  --env     name of a variable that commands may see; may be given several times
  --grace   how long a command may take to end by itself once asked to (10)`;

/** Reads the command line. Throws an error with one sentence about what is wrong. */
export function readOptions(
	args: readonly string[],
	environment: Readonly<Record<string, string | undefined>>,
): Options {
	const { values } = parseArgs({
		args: [...args],
		options: {
			server: { type: 'string' },
			token: { type: 'string' },
			name: { type: 'string' },
			tags: { type: 'string' },
			work: { type: 'string' },
			env: { type: 'string', multiple: true },
			grace: { type: 'string' },
			tied: { type: 'boolean' },
		},
	});
	const token = values.token ?? environment['FLYWHEEL_RUNNER_TOKEN'];
	if (values.server === undefined) throw new Error('--server is missing.');
	if (!token) throw new Error('--token is missing.');
	if (!URL.canParse(values.server) || !/^https?:/.test(values.server))
		throw new Error(`--server ${values.server} is not an http or https address.`);
	const graceMs = Number(values.grace ?? 10) * 1000;
	if (!Number.isFinite(graceMs) || graceMs < 0) throw new Error('--grace is a number of seconds.');
	return {
		server: new URL(values.server).origin,
		token,
		name: (values.name ?? hostname()).slice(0, 100),
		tags: list(values.tags ?? ''),
		work: resolve(values.work ?? '.flywheel-runner'),
		env: (values.env ?? []).flatMap(list),
		graceMs,
		isTied: values.tied ?? false,
	};
}

function list(text: string): string[] {
	return text
		.split(',')
		.map((part) => part.trim())
		.filter((part) => part !== '');
}
