import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseLfsPointer } from '#shared/snapshot/layout.ts';
import type { LfsFile } from './lfs.ts';

/** A pointer file is never longer. */
const pointerBytes = 1024;

/** Every file below a folder that is an LFS pointer, with the object it stands for. Links are not followed. */
export async function findPointers(folder: string): Promise<LfsFile[]> {
	const found: LfsFile[] = [];
	for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
		const path = join(entry.parentPath, entry.name);
		if (!entry.isFile() || path.startsWith(join(folder, '.git/'))) continue;
		const { size } = await lstat(path);
		if (size > pointerBytes || size < 100) continue;
		const pointer = parseLfsPointer(await readFile(path, 'utf8'));
		if (pointer) found.push({ ...pointer, path });
	}
	return found;
}
