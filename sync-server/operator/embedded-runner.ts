import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashOf, newSecret } from '../accounts/secret.ts';
import { ownerId, type Served } from '../serve.ts';

const program = fileURLToPath(new URL('../../runner/main.ts', import.meta.url));
const againAfterMs = 2000;
const graceMs = 10_000;

/**
 * The runner that `npm start` brings along: the same program as on any other machine, as a child process
 * with a token of its own (the same at every start, so that it gets its old attempts back). One that ends
 * is started again. Returns what ends it.
 */
export async function startEmbeddedRunner(
	served: Served,
	home: string,
	onFault: (error: unknown) => void,
): Promise<() => Promise<void>> {
	const token = await runnerToken(served, join(home, 'embedded-runner-token'));
	let child: ChildProcess | undefined;
	let again: NodeJS.Timeout | undefined;
	let isStopping = false;

	function start(): void {
		const server = `http://${loopbackOf(served.address.address)}:${served.address.port}`;
		child = spawn(
			process.execPath,
			[
				program,
				'--tied',
				'--server',
				server,
				'--name',
				'here',
				'--work',
				join(home, 'runner'),
				'--grace',
				'5',
			],
			{
				// Its end of this pipe closes with us, however we end: no runner outlives its server.
				stdio: ['pipe', 'inherit', 'inherit'],
				env: { ...process.env, FLYWHEEL_OWNER_TOKEN: undefined, FLYWHEEL_RUNNER_TOKEN: token },
			},
		);
		child.on('error', onFault);
		child.on('exit', (code, signal) => {
			if (isStopping) return;
			onFault(new Error(`The embedded runner ended (${signal ?? code}); it is started again.`));
			again = setTimeout(start, againAfterMs);
		});
	}

	start();
	return async () => {
		isStopping = true;
		clearTimeout(again);
		if (!child || child.exitCode !== null || child.signalCode !== null) return;
		const exit = once(child, 'exit');
		child.kill('SIGTERM');
		const force = setTimeout(() => child?.kill('SIGKILL'), graceMs);
		await exit;
		clearTimeout(force);
	};
}

/** The token in the file, where it still serves; else a new one. */
async function runnerToken({ tables }: Served, file: string): Promise<string> {
	const known = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
		if (error.code === 'ENOENT') return undefined;
		throw error;
	});
	const today = new Date().toISOString().slice(0, 10);
	if (known !== undefined && (await tables.tokens.use(hashOf(known), today))) return known;
	const token = newSecret();
	await tables.tokens.create({
		id: randomUUID(),
		hash: hashOf(token),
		user: ownerId,
		kind: 'runner',
		name: 'The runner of npm start',
		createdAt: new Date().toISOString(),
	});
	await writeFile(file, token, { mode: 0o600 });
	return token;
}

function loopbackOf(address: string): string {
	if (address === '::' || address === '::1') return '[::1]';
	return address === '0.0.0.0' ? '127.0.0.1' : address;
}
