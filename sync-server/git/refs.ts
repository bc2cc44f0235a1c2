import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GitError, runGit } from './run-git.ts';
import { noCommit } from './names.ts';

/** One step of a reference: `from` undefined makes it, `to` undefined takes it away. */
export interface RefMove {
	readonly ref: string;
	readonly from: string | undefined;
	readonly to: string | undefined;
}

/** Moves references together, all or none, and resolves when that is on disk. Throws when one is not where it should be. */
export async function moveRefs(repository: string, moves: readonly RefMove[]): Promise<void> {
	const lines = moves.map(
		({ ref, from, to }) => `update ${ref} ${to ?? noCommit} ${from ?? noCommit}`,
	);
	await runGit(repository, ['update-ref', '--stdin'], {
		input: ['start', ...lines, 'prepare', 'commit', ''].join('\n'),
	});
	await syncFolders(
		repository,
		moves.map(({ ref }) => ref),
	);
}

/** The commit a reference points at, undefined when there is none. */
export async function readRef(repository: string, ref: string): Promise<string | undefined> {
	try {
		const line = await runGit(repository, ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
		return line.toString().trim();
	} catch (error) {
		if (error instanceof GitError && error.exitCode === 1) return undefined;
		throw error;
	}
}

/** All references below a prefix, with the object each names. */
export async function listRefs(
	repository: string,
	prefix: string,
): Promise<{ readonly ref: string; readonly commit: string }[]> {
	const out = await runGit(repository, [
		'for-each-ref',
		'--format=%(objectname) %(refname)',
		prefix,
	]);
	return out
		.toString()
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => ({ commit: line.slice(0, 40), ref: line.slice(41) }));
}

/**
 * git syncs the files it writes, not the folders that name them: a power cut could take away a reference or
 * a pack that was acknowledged. This makes the folders durable from each reference up to the root, and the packs'.
 */
export async function syncFolders(repository: string, refs: readonly string[]): Promise<void> {
	const folders = new Set([join(repository, 'objects', 'pack'), join(repository, 'objects')]);
	for (const ref of refs)
		for (let folder = dirname(ref); folder !== '.'; folder = dirname(folder))
			folders.add(join(repository, folder));
	folders.add(repository);
	for (const folder of folders) await syncFolder(folder);
}

async function syncFolder(folder: string): Promise<void> {
	let handle;
	try {
		handle = await open(folder, 'r');
	} catch (error) {
		// Deleting the last reference of a folder takes the folder along; there is nothing left to sync.
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
		throw error;
	}
	try {
		await handle.sync();
	} finally {
		await handle.close();
	}
}
