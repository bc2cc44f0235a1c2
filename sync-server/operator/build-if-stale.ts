import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serverEnvironment, serverFlags } from './server-command.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Something that is made from sources, and how. */
interface Product {
	readonly title: string;
	/** The file whose age tells. */
	readonly mark: string;
	readonly sources: readonly string[];
	readonly command: readonly string[];
	readonly environment?: Readonly<Record<string, string>>;
}

const app: Product = {
	title: 'Building the app',
	mark: join(root, 'build/app/index.html'),
	sources: ['app', 'shared', 'vite.config.ts', 'svelte.config.js', 'package-lock.json'],
	command: [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'],
};

const server: Product = {
	title: 'Compiling the server',
	mark: join(root, 'build/cache/compiled'),
	sources: ['sync-server', 'shared', 'package-lock.json'],
	command: [...serverFlags, join(root, 'sync-server/operator/dry-start.ts')],
	environment: serverEnvironment,
};

/** What tools write into a room while it is built or checked. */
const written = new Set(['.svelte-kit', 'node_modules']);

/** When a file, or the newest file below a folder, was changed; 0 where there is none. */
function changedAt(path: string): number {
	const stat = statSync(path, { throwIfNoEntry: false });
	if (!stat?.isDirectory()) return stat?.mtimeMs ?? 0;
	return readdirSync(path)
		.filter((name) => !written.has(name))
		.reduce((newest, name) => Math.max(newest, changedAt(join(path, name))), 0);
}

/** Makes what is missing or older than what it is made of. Quiet unless it fails. Throws what the tool said. */
export function buildIfStale(): void {
	for (const { title, mark, sources, command, environment } of [app, server]) {
		const newest = Math.max(...sources.map((source) => changedAt(join(root, source))));
		if (changedAt(mark) > newest) continue;
		process.stdout.write(`${title}, which takes a moment …\n`);
		const made = spawnSync(process.execPath, command, {
			cwd: root,
			encoding: 'utf8',
			env: { ...process.env, ...environment },
		});
		if (made.error) throw made.error;
		if (made.status !== 0) throw new Error(`${title} failed:\n${made.stdout}${made.stderr}`);
		if (mark === app.mark) continue;
		mkdirSync(dirname(mark), { recursive: true });
		writeFileSync(mark, new Date().toISOString());
	}
}
