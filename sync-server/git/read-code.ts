import fs from 'node:fs';
import { isUtf8 } from 'node:buffer';
import git from 'isomorphic-git';
import { CommandError } from '#shared/api/errors.ts';
import type { Repositories } from './repositories.ts';

/** A page shows a text up to this size; the whole of a larger one comes with a clone. */
const textLimitBytes = 1024 * 1024;

export type Code =
	| {
			readonly kind: 'folder';
			readonly commit: string;
			readonly entries: readonly { readonly name: string; readonly kind: 'folder' | 'file' }[];
	  }
	| { readonly kind: 'text'; readonly commit: string; readonly text: string }
	/** Bytes, or too much of a text to show. */
	| { readonly kind: 'bytes'; readonly commit: string; readonly sizeBytes: number };

/** What lies at a path of a commit. Throws `not_found` when nothing does. Objects are read in this process. */
export async function readCode(
	repositories: Pick<Repositories, 'folderOf' | 'resolve'>,
	{ project, ref, path }: { project: string; ref: string; path: string },
): Promise<Code> {
	const gitdir = repositories.folderOf(project);
	const commit = await repositories.resolve(project, ref);
	if (commit === undefined) throw new CommandError('not_found', `There is no commit ${ref}.`);
	const filepath = path.replace(/^\/+|\/+$/g, '');
	const found = await readPath(gitdir, commit, filepath);
	if (found?.type === 'tree') {
		const entries = found.object
			.map((entry): { name: string; kind: 'folder' | 'file' } => ({
				name: entry.path,
				kind: entry.type === 'tree' ? 'folder' : 'file',
			}))
			.sort((a, b) =>
				a.kind === b.kind ? (a.name < b.name ? -1 : 1) : a.kind === 'folder' ? -1 : 1,
			);
		return { kind: 'folder', commit, entries };
	}
	if (found?.type !== 'blob')
		throw new CommandError('not_found', `There is no ${filepath} at ${ref}.`);
	const bytes = found.object;
	if (bytes.length > textLimitBytes || bytes.includes(0) || !isUtf8(bytes))
		return { kind: 'bytes', commit, sizeBytes: bytes.length };
	return { kind: 'text', commit, text: new TextDecoder().decode(bytes) };
}

type Found =
	| { readonly type: 'tree'; readonly object: git.TreeObject }
	| { readonly type: 'blob'; readonly object: Uint8Array };

async function readPath(gitdir: string, oid: string, filepath: string): Promise<Found | undefined> {
	const cache = {};
	try {
		const { tree } = await git.readTree({ fs, gitdir, oid, filepath, cache });
		return { type: 'tree', object: tree };
	} catch (error) {
		if (!(error instanceof git.Errors.ObjectTypeError)) return whenMissing(error);
	}
	try {
		const { blob } = await git.readBlob({ fs, gitdir, oid, filepath, cache });
		return { type: 'blob', object: blob };
	} catch (error) {
		return whenMissing(error);
	}
}

function whenMissing(error: unknown): undefined {
	if (error instanceof git.Errors.NotFoundError || error instanceof git.Errors.ObjectTypeError)
		return undefined;
	throw error;
}
