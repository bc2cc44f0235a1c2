import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runGit } from './run-git.ts';

/** Every push and every snapshot leaves a pack; more of them than this make each read slower. */
const packLimit = 40;

/**
 * Rolls small packs up into larger ones, each at least twice the next, so that the work stays in proportion
 * to what is new. Safe beside pushes and fetches; nothing that a reference reaches is lost.
 */
export async function tidyPacks(repository: string): Promise<void> {
	const names = await readdir(join(repository, 'objects', 'pack'));
	const packs = names.filter((name) => name.endsWith('.pack'));
	if (packs.length <= packLimit) return;
	await runGit(repository, ['repack', '--quiet', '-d', '--geometric=2']);
}
