import { startGit, ended, GitError } from './run-git.ts';
import type { Quarantine } from './object-reader.ts';

export interface NewBlob {
	readonly id: string;
	readonly path: string;
	readonly sizeBytes: number;
}

/** All blobs that the commits bring and no reference has yet. */
export async function newBlobs(
	repository: string,
	commits: readonly string[],
	quarantine: Quarantine,
): Promise<NewBlob[]> {
	if (commits.length === 0) return [];
	const options = { environment: quarantine };
	const listing = startGit(
		repository,
		['rev-list', '--objects', ...commits, '--not', '--all'],
		options,
	);
	const format = '--batch-check=%(objecttype) %(objectname) %(objectsize) %(rest)';
	const checking = startGit(repository, ['cat-file', format], options);
	checking.stdin.on('error', () => undefined);
	listing.stdout.pipe(checking.stdin);
	const blobs: NewBlob[] = [];
	const listed = ended(listing);
	const checked = ended(checking);
	for await (const line of linesOf(checking.stdout)) {
		const [type, id = '', size, ...path] = line.split(' ');
		if (type === 'blob') blobs.push({ id, path: path.join(' '), sizeBytes: Number(size) });
	}
	for (const exitCode of [await listed, await checked])
		if (exitCode !== 0) throw new GitError(['rev-list', '--objects'], exitCode, '');
	return blobs;
}

async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
	let rest = '';
	for await (const chunk of stream) {
		const lines = (rest + chunk.toString('latin1')).split('\n');
		rest = lines.pop() ?? '';
		for (const line of lines) yield Buffer.from(line, 'latin1').toString();
	}
}
