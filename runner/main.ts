import { findLeftovers } from './attempt/leftovers.ts';
import { claimLoop } from './claim-loop.ts';
import { tidyWork } from './files/tidy-work.ts';
import { gitProblem } from './git/git.ts';
import { readOptions, usage, type Options } from './options.ts';
import { Refusal } from './server/server-connection.ts';
import { takeWorkFolder } from './work-folder.ts';

/** Processes of an earlier runner had their time already. */
const leftoverGraceMs = 1000;
/** Sending what they left behind must not keep the run waiting for long. */
const salvageMs = 10_000;

function say(line: string): void {
	process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}

function fail(message: string): never {
	process.stderr.write(`${message}\n`);
	process.exit(1);
}

function options(): Options {
	try {
		return readOptions(process.argv.slice(2), process.env);
	} catch (error) {
		return fail(`${(error as Error).message}\n\n${usage}`);
	}
}

async function main(): Promise<void> {
	const given = options();
	const shutdown = new AbortController();
	const stop = (): void => shutdown.abort();
	process.on('SIGTERM', stop);
	process.on('SIGINT', stop);
	process.on('SIGHUP', stop);
	if (given.isTied) process.stdin.resume().on('end', stop).on('error', stop);

	const problem = await gitProblem(shutdown.signal);
	if (problem !== undefined) fail(problem);
	const leave = await takeWorkFolder(given.work);
	await tidyWork(given.work, Date.now());
	const leftovers = await findLeftovers({
		work: given.work,
		server: given.server,
		graceMs: leftoverGraceMs,
		salvageMs,
	});
	say(`Runner ${given.name} works for ${given.server}`);
	try {
		await claimLoop(given, leftovers, shutdown.signal, say);
	} catch (error) {
		if (!shutdown.signal.aborted) throw error;
	} finally {
		await leave();
	}
	say('Stopped.');
}

try {
	await main();
	process.exit(0);
} catch (error) {
	fail(error instanceof Refusal ? error.message : String((error as Error).stack));
}
