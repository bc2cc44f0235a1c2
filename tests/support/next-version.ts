import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import { createBuilder } from 'vite';
import svelteConfig from '../../svelte.config.js';
import { asNextVersion, nextVersionOf } from './next-version-source.ts';

/**
 * The program of the day after tomorrow: the same sources, but what it writes into documents has another version,
 * beside which today's must not write.
 */
export interface NextVersion {
	/** What the server's process is started with. */
	readonly environment: Readonly<Record<string, string>>;
}

/** Builds the next version of the app; its server is today's with other lines. */
export async function buildNextVersion(): Promise<NextVersion> {
	const root = join(import.meta.dirname, '../..');
	const folder = join(root, 'build/next-version');
	const app = join(folder, 'app');
	const builder = await createBuilder({
		configFile: false,
		root: join(root, 'app'),
		logLevel: 'error',
		plugins: [
			{
				name: 'next-version',
				enforce: 'pre',
				async load(id) {
					const [path = id] = id.split('?');
					if (!nextVersionOf(path)) return undefined;
					return asNextVersion(path, await readFile(path, 'utf8'), app);
				},
			},
			sveltekit({
				...svelteConfig,
				outDir: join(folder, 'kit'),
				adapter: adapter({ pages: app, fallback: 'index.html' }),
			}),
		],
	});
	await builder.buildApp();
	const hook = pathToFileURL(join(import.meta.dirname, 'next-version-hook.ts')).href;
	return {
		environment: {
			NODE_OPTIONS: `--import=${hook}`,
			NEXT_VERSION_APP: app,
			NODE_COMPILE_CACHE: '',
		},
	};
}
