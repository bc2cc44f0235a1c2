import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readConfig } from '../config.ts';
import { noteLoss, openRecovery, recoverySentence } from '../projection/recovery.ts';
import { openTables } from '../tables/sqlite/open-tables.ts';
import { unpackBackup } from './backup-archive.ts';
import { OperatorError, runCommand } from './command.ts';
import { lockHome } from './home-lock.ts';

interface Restored {
	/** What may be missing, and until when it can come back. */
	readonly missing: string;
	readonly movedTo?: string;
}

/**
 * Puts a backup in the place of a data folder, as a new epoch: browsers then open another database and
 * keep what they have not sent yet, instead of taking the older state for a newer one. What was done after the
 * backup was made is taken back from them for a while (S16). What was there is moved aside, never deleted;
 * returns where to, and what to say about what may be missing. Throws HomeInUse while a server works on the folder.
 */
export async function restore(file: string, home: string): Promise<Restored> {
	const before = await namesIn(home);
	if (before.length > 0) lockHome(home)();
	const stamp = new Date().toISOString().replace(/[:.]/g, '-');
	let missing = '';
	const fresh = `${home}.restoring-${stamp}`;
	await mkdir(dirname(home), { recursive: true });
	await mkdir(fresh, { mode: 0o700 });
	try {
		const { at } = await unpackBackup(file, fresh);
		await makeGitFolders(join(fresh, 'repositories'));
		const tables = await openTables({ file: join(fresh, 'tables.db') });
		await tables.settings.put('epoch', randomBytes(8).toString('hex'));
		await noteLoss(tables.settings, { since: new Date(), missingFrom: at });
		const { current } = await openRecovery(tables.settings);
		if (current) missing = recoverySentence(current);
		await tables.close();
	} catch (error) {
		await rm(fresh, { recursive: true, force: true });
		throw error;
	}
	const movedTo = `${home}.before-${stamp}`;
	if (before.length > 0) await rename(home, movedTo);
	else await rm(home, { recursive: true, force: true });
	await rename(fresh, home);
	return before.length > 0 ? { missing, movedTo } : { missing };
}

/** git takes a folder for a repository only where these are, and an archive holds no empty folders. */
async function makeGitFolders(repositories: string): Promise<void> {
	for (const name of await namesIn(repositories))
		for (const folder of ['refs/heads', 'refs/tags', 'objects/pack', 'objects/info'])
			await mkdir(join(repositories, name, folder), { recursive: true, mode: 0o700 });
}

async function namesIn(folder: string): Promise<string[]> {
	return readdir(folder).catch((error: NodeJS.ErrnoException) => {
		if (error.code === 'ENOENT') return [];
		throw error;
	});
}

/** `npm run restore -- FILE` */
async function main(name: string | undefined): Promise<void> {
	if (name === undefined) throw new OperatorError('Say from where: npm run restore -- FILE');
	const { home } = readConfig(process.env);
	const { missing, movedTo } = await restore(resolve(name), home);
	process.stdout.write(`${home} holds what was in ${name}, as a new epoch.\n${missing}\n`);
	if (movedTo !== undefined) process.stdout.write(`What was there before is in ${movedTo}.\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
	await runCommand(() => main(process.argv[2]));
