import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { KeptFile } from '#shared/api/runner-protocol.ts';

/**
 * The files that a run keeps: everything below the paths named, by path. Links are left out (what they point
 * to may lie anywhere on this machine). Throws when a path was not written.
 */
export async function findKeptFiles(
	checkout: string,
	keep: readonly string[],
): Promise<(KeptFile & { readonly from: string })[]> {
	const found = new Map<string, KeptFile & { from: string }>();
	for (const path of keep) {
		const files = await filesBelow(join(checkout, path));
		if (files.length === 0)
			throw new Error(`flywheel.yml keeps ${path}, but the command has not written it.`);
		for (const from of files) {
			const name = relative(checkout, from).split(sep).join('/');
			const { size, mode } = await lstat(from);
			found.set(name, {
				path: name,
				sha256: await hashOf(from),
				sizeBytes: size,
				mode: mode & 0o100 ? '100755' : '100644',
				from,
			});
		}
	}
	return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function filesBelow(path: string): Promise<string[]> {
	const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
		if (error.code === 'ENOENT') return undefined;
		throw error;
	});
	if (stats?.isFile()) return [path];
	if (!stats?.isDirectory()) return [];
	const entries = await readdir(path, { recursive: true, withFileTypes: true });
	return entries
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name))
		.filter((file) => !relative(path, file).split(sep).includes('.git'));
}

async function hashOf(path: string): Promise<string> {
	const hash = createHash('sha256');
	for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
	return hash.digest('hex');
}
