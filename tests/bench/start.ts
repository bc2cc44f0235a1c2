import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { freePort } from '../support/flywheel.ts';
import type { Benchmark } from './benchmark.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** What a newcomer waits for. */
export const starting: Benchmark = {
	name: 'start',
	method:
		'A fresh git clone in an empty folder: npm ci, then npm start until the page answers (it builds the app), each timed; npm’s own cache is as warm as it is.',
	async run() {
		const folder = await mkdtemp(join(tmpdir(), 'flywheel-clone-'));
		try {
			await run('git', ['clone', '-q', root, folder]);
			const began = performance.now();
			await run('npm', ['ci', '--no-fund', '--no-audit'], {
				cwd: folder,
				maxBuffer: 64 * 1024 * 1024,
			});
			const installed = performance.now();
			const port = await freePort();
			const child = spawn('npm', ['start'], {
				cwd: folder,
				env: { ...process.env, PORT: String(port) },
				stdio: ['ignore', 'pipe', 'inherit'],
				detached: true,
			});
			const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
			while (
				!(await fetch(`http://127.0.0.1:${port}/`).then(
					(reply) => reply.ok,
					() => false,
				))
			)
				await new Promise((done) => setTimeout(done, 50));
			const started = performance.now();
			process.kill(-child.pid!, 'SIGTERM');
			await once(child, 'exit');
			console.log(`  it said: ${line}`);
			return [
				{ what: 'npm ci', value: (installed - began) / 1000, unit: 's' },
				{ what: 'npm start to a page', value: (started - installed) / 1000, unit: 's' },
			];
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
	},
};
