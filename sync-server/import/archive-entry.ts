import type { ByteStream } from '../blobs/blob-store.ts';

/** One file of an archive. Its bytes must be read to their end before the next entry is asked for. */
export interface ArchiveEntry {
	readonly path: string;
	readonly bytes: ByteStream;
}

/**
 * The path of an archive's entry, as other entries may name it; undefined for one that tries to lead out of
 * the archive. Nothing is ever written under such a path: it only names.
 */
export function safePath(path: string): string | undefined {
	const plain = path.replace(/^(\.\/)+/, '');
	const isOdd =
		plain.length === 0 ||
		plain.length > 1024 ||
		/[\\\p{Cc}]/u.test(plain) ||
		/^([a-zA-Z]:|\/)/.test(plain) ||
		plain.split('/').some((part) => part === '..' || part === '.' || part === '');
	return isOdd ? undefined : plain;
}

/** Files that systems leave in archives without anybody wanting them. */
export function isLitter(path: string): boolean {
	return /(^|\/)(__MACOSX\/|\.DS_Store$|\._[^/]*$|Thumbs\.db$)/.test(path);
}
