import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const built = join(root, 'build/app/index.html');
const sources = ['app', 'shared', 'vite.config.ts', 'svelte.config.js', 'package-lock.json'];
/** What tools write into the app's folder while it is built or checked. */
const written = new Set(['.svelte-kit', 'node_modules']);

/** When a file, or the newest file below a folder, was changed; 0 where there is none. */
function changedAt(path: string): number {
	const stat = statSync(path, { throwIfNoEntry: false });
	if (!stat?.isDirectory()) return stat?.mtimeMs ?? 0;
	return readdirSync(path)
		.filter((name) => !written.has(name))
		.reduce((newest, name) => Math.max(newest, changedAt(join(path, name))), 0);
}

/** `npm start`: builds the app where it is missing or older than what it is made of. Quiet unless it fails. */
function main(): void {
	const newest = Math.max(...sources.map((source) => changedAt(join(root, source))));
	if (changedAt(built) > newest) return;
	process.stdout.write('Building the app, which takes a moment …\n');
	const output: Buffer[] = [];
	const vite = join(root, 'node_modules/vite/bin/vite.js');
	const child = spawn(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
		cwd: root,
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	for (const stream of [child.stdout, child.stderr])
		stream.on('data', (chunk: Buffer) => output.push(chunk));
	child.on('error', (error) => {
		process.stderr.write(`The app could not be built: ${error.message}\nRun npm ci first.\n`);
		process.exitCode = 1;
	});
	child.on('close', (code) => {
		if (code === 0) return;
		process.stderr.write(`The app could not be built:\n${Buffer.concat(output).toString()}\n`);
		process.exitCode = 1;
	});
}

main();
