import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Removes a folder with everything in it, also where something below was made read-only. Nothing there is fine. */
export async function removeFolder(folder: string): Promise<void> {
	try {
		await rm(folder, { recursive: true, force: true });
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code !== 'EACCES' && code !== 'EPERM') throw error;
		await makeWritable(folder);
		await rm(folder, { recursive: true, force: true });
	}
}

/**
 * Folder by folder from the top: one that may not be read is opened before it is looked into. What is gone
 * meanwhile is fine: `rm` gives up at the first folder it may not change while it still removes others.
 */
async function makeWritable(folder: string): Promise<void> {
	try {
		await chmod(folder, 0o700);
		for (const entry of await readdir(folder, { withFileTypes: true }))
			if (entry.isDirectory()) await makeWritable(join(folder, entry.name));
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
	}
}
