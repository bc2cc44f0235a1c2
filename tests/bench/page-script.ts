import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build, type Rolldown } from 'vite';
import svelteConfig from '../../svelte.config.js';

/** Builds a module of `component/` as one script for a page, where its exports are found by this name. */
export async function pageScript(file: string, name: string): Promise<string> {
	const entry = join(import.meta.dirname, '../component', file);
	const [built] = (await build({
		configFile: false,
		root: join(import.meta.dirname, '../..'),
		logLevel: 'error',
		plugins: [svelte({ configFile: false, compilerOptions: svelteConfig.compilerOptions })],
		build: { write: false, lib: { entry, formats: ['iife'], name } },
	})) as Rolldown.RolldownOutput[];
	return built!.output[0].code;
}
