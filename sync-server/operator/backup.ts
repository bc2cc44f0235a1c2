import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { readConfig } from '../config.ts';
import { BackupWriter, backupVersion, manifestName } from './backup-archive.ts';
import { checkHome, OperatorError, runCommand } from './command.ts';

const dayMs = 24 * 60 * 60_000;

/**
 * Writes everything a server keeps into one file, while the server runs. The order makes it whole: what
 * refers is copied before what it refers to. The tables come first: documents, commits and blobs that they
 * name are there already, and what comes later is caught up with at the next start.
 */
export async function backup(home: string, file: string): Promise<void> {
	await removeStale(home);
	const copies = await mkdtemp(join(home, 'backup-'));
	const part = `${file}.part${/gz$/.test(file) ? '.gz' : ''}`;
	await rm(part, { force: true });
	const archive = new BackupWriter(part);
	try {
		const at = new Date().toISOString();
		await archive.addText(manifestName, JSON.stringify({ version: backupVersion, at }));
		for (const name of ['tables.db', 'updates.db']) {
			const copy = join(copies, name);
			const database = new DatabaseSync(join(home, name), { readOnly: true, timeout: 30_000 });
			database.exec(`VACUUM INTO '${copy.replaceAll("'", "''")}'`);
			database.close();
			await archive.addFile(name, copy);
		}
		const repositories = join(home, 'repositories');
		await archive.addFolder('repositories', repositories, isRef);
		await archive.addFolder('repositories', repositories, (path) => isKept(path) && !isRef(path));
		await archive.addFolder('blobs', join(home, 'blobs'), (path) => !path.startsWith('uploads/'));
		await archive.close();
		await rename(part, file);
	} finally {
		await rm(part, { force: true });
		await rm(copies, { recursive: true, force: true });
	}
}

/** Takes away the copies of backups that were killed; no backup of one's own takes a day. */
async function removeStale(home: string): Promise<void> {
	for (const name of await readdir(home)) {
		if (!name.startsWith('backup-')) continue;
		const folder = join(home, name);
		const changedMs = (await stat(folder)).mtimeMs;
		if (changedMs < Date.now() - dayMs) await rm(folder, { recursive: true, force: true });
	}
}

/** A reference is moved only after its objects are there: copied first, it never names one that is missing. */
function isRef(path: string): boolean {
	return /^[^/]+\.git\/(refs\/.+|packed-refs|HEAD)$/.test(path) && !path.endsWith('.lock');
}

/** Not what a push has under way, nor the program's own scripts and sockets. */
function isKept(path: string): boolean {
	return /^[a-z0-9-]+\.git\//.test(path) && !/\/(tmp_|incoming-)|\.lock$/.test(path);
}

/** `npm run backup -- FILE` */
async function main(name: string | undefined): Promise<void> {
	if (name === undefined) throw new OperatorError('Say where to: npm run backup -- FILE');
	const { home } = readConfig(process.env);
	checkHome(home);
	const file = resolve(name);
	await backup(home, file);
	const { size } = await stat(file);
	process.stdout.write(`${file} holds everything of ${home} (${(size / 1e6).toFixed(1)} MB).\n`);
	process.stdout.write('Keep it safe: whoever has it can read all data and tokens’ hashes.\n');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
	await runCommand(() => main(process.argv[2]));
