import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A disk that can be filled, below a server's data folder. */
export interface SmallDisk {
	/** False where a limit on the size of files stands in for it. */
	readonly isReal: boolean;
	/** Takes all room there is, for a server with this process id; returns what gives it back. */
	fill(pid: number): Promise<() => Promise<void>>;
	/** Takes the disk away; the server has ended. */
	remove(): void;
}

function isMounted(folder: string, sizeBytes: number): boolean {
	try {
		const options = ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', folder];
		execFileSync('mount', options, { stdio: 'ignore' });
		return true;
	} catch {
		return false; // not Linux, not root, or root without the right to mount: another way is found
	}
}

/**
 * A disk of so many bytes at an empty folder, by what this machine lets one do: a file system in memory where
 * one may mount, a disk image on macOS, and else a limit on how long the server's files may grow, which fails in
 * the same places.
 */
export function makeSmallDisk(folder: string, sizeBytes: number): SmallDisk {
	if (isMounted(folder, sizeBytes))
		return {
			isReal: true,
			fill: () => fillFolder(folder),
			remove: () => void execFileSync('umount', [folder]),
		};
	if (process.platform === 'darwin') return diskImage(folder, sizeBytes);
	const limit = (pid: number, size: string) =>
		execFileSync('prlimit', ['--pid', String(pid), `--fsize=${size}:unlimited`]);
	return {
		isReal: false,
		fill(pid) {
			limit(pid, '1024');
			return Promise.resolve(() => Promise.resolve(void limit(pid, 'unlimited')));
		},
		remove: () => undefined,
	};
}

/** Part of every macOS. */
const hdiutil = '/usr/bin/hdiutil';

function diskImage(folder: string, sizeBytes: number): SmallDisk {
	const file = `${folder}.dmg`;
	const size = `${Math.ceil(sizeBytes / 2 ** 20)}m`;
	execFileSync(hdiutil, ['create', '-size', size, '-fs', 'HFS+', '-volname', 'small', file]);
	execFileSync(hdiutil, ['attach', '-nobrowse', '-mountpoint', folder, file]);
	return {
		isReal: true,
		fill: () => fillFolder(folder),
		remove() {
			execFileSync(hdiutil, ['detach', '-force', folder]);
			rmSync(file);
		},
	};
}

async function fillFolder(folder: string): Promise<() => Promise<void>> {
	const path = join(folder, 'filler');
	const file = await open(path, 'w');
	try {
		for (let size = 1 << 20; size >= 4096; size >>= 1)
			while (
				await file.write(Buffer.alloc(size, 1)).then(
					({ bytesWritten }) => bytesWritten === size,
					() => false,
				)
			);
	} finally {
		await file.close();
	}
	return () => rm(path);
}
