import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../../support/flywheel.ts';
import type { Dialect, Running } from './contender.ts';
import { peersFolder } from './install-peers.ts';

/** Starts a peer's program in the folder of the peers; it is up when it has printed its first line. */
export async function startPeer(options: {
	dialect: Dialect;
	/** Path below the folder of the peers. */
	program: string;
	environment: (port: number, folder: string) => Readonly<Record<string, string>>;
	documents: number;
}): Promise<Running> {
	const port = await freePort();
	const folder = await mkdtemp(join(tmpdir(), 'peer-'));
	const child = spawn(process.execPath, [join(peersFolder, options.program)], {
		cwd: peersFolder,
		env: {
			PATH: process.env['PATH'],
			NODE_ENV: 'production',
			...options.environment(port, folder),
		},
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	const exit = once(child, 'exit');
	const isUp = await Promise.race([
		once(createInterface({ input: child.stdout }), 'line').then(() => true),
		exit.then(() => false),
	]);
	if (!isUp) throw new Error(`${options.program} ended before it was up`);
	return {
		target: {
			dialect: options.dialect,
			url: `ws://127.0.0.1:${port}`,
			documents: Array.from({ length: options.documents }, (_, index) => `document-${index}`),
			tokens: ['token'],
			pid: child.pid!,
		},
		async stop() {
			child.kill('SIGKILL');
			await exit;
			await rm(folder, { recursive: true, force: true });
		},
	};
}
