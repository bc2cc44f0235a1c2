import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { forgetOldest, touch } from '../files/forget-oldest.ts';
import { removeFolder } from '../files/remove-folder.ts';
import { git } from '../git/git.ts';

/** So many are kept for the next run: what a package manager installs is large. */
const keptSetups = 10;

/** What a setup command made, kept for the next run with the same setup: new files of the checkout, and the home. */
export interface SetupCache {
	/** Puts what is kept into checkout and home; false where nothing is kept yet. */
	restore(checkout: string, home: string): Promise<boolean>;
	keep(checkout: string, home: string, signal: AbortSignal): Promise<void>;
}

/** The cache of one setup command: its hash covers the command and the files of the checkout that it names. */
export async function openSetupCache(
	cache: string,
	checkout: string,
	command: string,
): Promise<SetupCache> {
	const folder = join(cache, await setupHash(checkout, command));
	return {
		async restore(into, home) {
			if (!(await isThere(folder))) return false;
			await copy(join(folder, 'tree'), into);
			await copy(join(folder, 'home'), home);
			await touch(folder);
			return true;
		},
		async keep(from, home, signal) {
			await mkdir(cache, { recursive: true });
			const fresh = await mkdtemp(join(cache, 'fresh-'));
			try {
				const options = { folder: from, signal };
				const made = await git(['ls-files', '-z', '--others', '--directory'], options);
				await mkdir(join(fresh, 'tree'));
				for (const path of made.split('\0').filter((name) => name !== ''))
					await copy(join(from, path), join(fresh, 'tree', path));
				await copy(home, join(fresh, 'home'));
				await rename(fresh, folder);
			} catch (error) {
				await removeFolder(fresh);
				// Another run with the same setup was first; what it kept is as good.
				if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? ''))
					throw error;
			}
			await forgetOldest(cache, keptSetups);
		},
	};
}

/** Hash of a setup command, of every file of the checkout it names, and of the kind of machine. */
export async function setupHash(checkout: string, command: string): Promise<string> {
	const hash = createHash('sha256');
	hash.update(`${process.platform} ${process.arch} ${process.version}\0${command}\0`);
	for (const word of command.split(/[\s'"=;&|()]+/)) {
		const isInside = word !== '' && !word.startsWith('/') && !word.split('/').includes('..');
		const bytes = isInside ? await readIfFile(join(checkout, word)) : undefined;
		if (bytes) hash.update(`${word}\0${bytes.length}\0`).update(bytes);
	}
	return hash.digest('hex');
}

async function readIfFile(path: string): Promise<Buffer | undefined> {
	try {
		return await readFile(path);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return undefined;
		throw error;
	}
}

function copy(from: string, to: string): Promise<void> {
	return cp(from, to, {
		recursive: true,
		verbatimSymlinks: true,
		mode: constants.COPYFILE_FICLONE,
		preserveTimestamps: true,
	});
}

async function isThere(path: string): Promise<boolean> {
	return stat(path).then(
		() => true,
		() => false,
	);
}
