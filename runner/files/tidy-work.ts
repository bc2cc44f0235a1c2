import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeFolder } from './remove-folder.ts';

/** A run whose checkpoints nobody has touched for so long was finished elsewhere, or never will be. */
const checkpointsMs = 30 * 24 * 60 * 60_000;

/**
 * Takes away what runners before this one left in a work folder: caches that a kill left half made, and
 * checkpoints of runs long gone. Call it while nobody else works there.
 */
export async function tidyWork(work: string, nowMs: number): Promise<void> {
	for (const cache of ['data', 'setups'])
		for (const name of await namesIn(join(work, cache)))
			if (name.startsWith('fresh-')) await removeFolder(join(work, cache, name));
	const checkpoints = join(work, 'checkpoints');
	for (const name of await namesIn(checkpoints)) {
		const folder = join(checkpoints, name);
		if ((await changedMs(folder)) < nowMs - checkpointsMs) await removeFolder(folder);
	}
}

/** When a folder, or anything directly in it, was written last. */
async function changedMs(folder: string): Promise<number> {
	const paths = [folder, ...(await namesIn(folder)).map((name) => join(folder, name))];
	return Math.max(...(await Promise.all(paths.map(async (path) => (await stat(path)).mtimeMs))));
}

async function namesIn(folder: string): Promise<string[]> {
	return readdir(folder).catch((error: NodeJS.ErrnoException) => {
		if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
		throw error;
	});
}
