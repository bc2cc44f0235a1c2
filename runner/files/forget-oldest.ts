import { readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { removeFolder } from './remove-folder.ts';

/** Notes that a folder of a cache is used now. */
export async function touch(folder: string): Promise<void> {
	const now = new Date();
	await utimes(folder, now, now);
}

/** Keeps so many folders of a cache, each named by a hash; the longest unused go. */
export async function forgetOldest(cache: string, kept: number): Promise<void> {
	const folders = (await readdir(cache)).filter((name) => /^[0-9a-f]{40,64}$/.test(name));
	const used = await Promise.all(
		folders.map(async (name) => ({ name, at: (await stat(join(cache, name))).mtimeMs })),
	);
	used.sort((a, b) => b.at - a.at);
	for (const { name } of used.slice(kept)) await removeFolder(join(cache, name));
}
