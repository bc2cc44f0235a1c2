import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { canWorkOffline, ConfigError, isLoopback, readConfig } from './config.ts';
import { gitProblem } from './git/git-version.ts';
import { giveBackAtRest } from './give-back.ts';
import { startEmbeddedRunner } from './operator/embedded-runner.ts';
import { Ending } from './operator/ending.ts';
import { HomeInUse } from './operator/home-lock.ts';
import { startFirstSamples } from './operator/first-samples.ts';
import { logOutput } from './operator/output.ts';
import { recoverySentence } from './projection/recovery.ts';
import { serve, type Served } from './serve.ts';

const appFolder = fileURLToPath(new URL('../build/app', import.meta.url));

/** Starts the server as a person starts it: says where it is, how to sign in, and what will not work. */
async function main(): Promise<void> {
	const problem = await gitProblem();
	if (problem !== undefined) return fail(problem);
	const config = readConfig(process.env);
	const logger = pino(
		{ level: process.env['LOG_LEVEL'] ?? 'warn', redact: ['*.token', '*.password'] },
		logOutput(),
	);
	const ending = new Ending(logger);
	const onStoreLost = (error: Error): void => ending.now('the server ends: a store is lost', error);
	const served = await serve({ config, logger, appFolder, onStoreLost });
	giveBackAtRest();
	say(`Flywheel is at ${served.url}`);
	if (!isLoopback(config.host) && config.url === undefined)
		say(
			'Set FLYWHEEL_URL to the address that others reach it by: it stands in links and clone commands.',
		);
	if (!canWorkOffline(served.url))
		say(
			'Offline work needs https or localhost: browsers run no service worker on this address. README.md shows how Caddy adds https.',
		);
	const recovers = served.recovery.current;
	if (recovers) say(recoverySentence(recovers));
	if (config.ownerToken === undefined) await offerSignIn(served);
	const onFault = (error: unknown): void => logger.error({ err: error }, 'something failed');
	const stops = [await startFirstSamples(served, config.withSamples, onFault)];
	if (config.withRunner ?? isLoopback(config.host))
		stops.push(await startEmbeddedRunner(served, config.home, onFault));
	ending.closeWith(async () => {
		for (const stop of stops) await stop();
		await served.close();
	});
}

async function offerSignIn({ accounts, owner, url }: Served): Promise<void> {
	if (!(await accounts.hasSessions())) {
		const token = await accounts.signInLink(owner.id);
		say(`Sign in as ${owner.id}, once, within 15 minutes: ${url}/sign-in#${token}`);
	}
	say(`Another link at any time: npm run sign-in -- ${owner.id}`);
}

function say(line: string): void {
	process.stdout.write(`${line}\n`);
}

function fail(reason: string): void {
	process.stderr.write(`${reason}\n`);
	process.exitCode = 1;
}

try {
	await main();
} catch (error) {
	if (error instanceof ConfigError || error instanceof HomeInUse) fail(error.message);
	else if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
		fail('Another program listens on this port already. Choose another one: PORT=4401 npm start');
	else throw error;
}
