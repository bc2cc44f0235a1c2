import { mkdir } from 'node:fs/promises';
import { withRetries } from '../server/backoff.ts';
import { git, GitFailure } from './git.ts';

export interface FetchedCommit {
	/** Must not exist yet, or be empty. */
	readonly folder: string;
	/** `http://…/git/<project>.git` */
	readonly repository: string;
	readonly commit: string;
	readonly token: string;
	readonly signal: AbortSignal;
}

/** Puts exactly one commit, without its history, into a folder. A lost connection is put up with for ten minutes. */
export async function fetchCommit({
	folder,
	repository,
	commit,
	token,
	signal,
}: FetchedCommit): Promise<void> {
	await mkdir(folder, { recursive: true });
	const local = { folder, signal };
	await git(['init', '--quiet'], local);
	await withRetries(
		() =>
			git(['fetch', '--quiet', '--depth=1', '--no-tags', repository, commit], { ...local, token }),
		{
			isFinal: (error) => error instanceof GitFailure && error.isFinal,
			signal,
			forMs: 600_000,
		},
	);
	await git(['checkout', '--quiet', '--detach', commit], local);
}
