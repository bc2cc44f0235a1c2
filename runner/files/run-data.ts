import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchCommit, type FetchedCommit } from '../git/fetch-commit.ts';
import { LfsClient } from '../git/lfs.ts';
import { findPointers } from '../git/pointers.ts';
import { forgetOldest, touch } from './forget-oldest.ts';
import { removeFolder } from './remove-folder.ts';

/** So many snapshots are kept for the next run; the one longest unused goes first. */
const keptSnapshots = 10;

export interface DataOptions extends Omit<FetchedCommit, 'folder'> {
	/** `<work>/data`: one folder per commit. */
	readonly cache: string;
	/** Tells the log what takes time. */
	readonly say: (line: string) => Promise<void>;
}

/**
 * The folder of a snapshot as a run may see it: media as bytes, the gate's items among the pool without their
 * answers, nothing writable. Made once per commit; it appears whole or not at all.
 */
export async function runData({ cache, say, ...fetched }: DataOptions): Promise<string> {
	const { commit, repository, token, signal } = fetched;
	const folder = join(cache, commit);
	await mkdir(cache, { recursive: true });
	if (!(await readdir(cache)).includes(commit)) {
		await say(`Fetching data ${commit.slice(0, 12)}`);
		const fresh = await mkdtemp(join(cache, 'fresh-'));
		try {
			await fetchCommit({ ...fetched, folder: fresh });
			await rm(join(fresh, '.git'), { recursive: true });
			await hideGate(fresh);
			const media = await findPointers(fresh);
			if (media.length > 0) await say(`Fetching ${media.length} media files`);
			await new LfsClient(repository, token, signal).download(media);
			await setReadOnly(fresh);
			await rename(fresh, folder);
		} catch (error) {
			await removeFolder(fresh);
			throw error;
		}
	}
	await touch(folder);
	await forgetOldest(cache, keptSnapshots);
	return folder;
}

/** Moves the items of `gate/` into `pool/`, as if nobody had answered them. */
async function hideGate(folder: string): Promise<void> {
	const gate = join(folder, 'gate');
	const pool = join(folder, 'pool');
	for (const shard of await filesOf(gate)) {
		const hidden = linesOf(await readFile(join(gate, shard), 'utf8')).map(withoutAnswer);
		const known = (await filesOf(pool)).includes(shard)
			? linesOf(await readFile(join(pool, shard), 'utf8'))
			: [];
		await mkdir(pool, { recursive: true });
		const all = [...known, ...hidden].map((line) => ({ line, id: idOf(line) }));
		all.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
		await writeFile(join(pool, shard), all.map(({ line }) => `${line}\n`).join(''));
	}
	await rm(gate, { recursive: true, force: true });
}

const saidByPeople = ['answer', 'by', 'source', 'at'];

/** An item without what people said about it. */
function withoutAnswer(line: string): string {
	const item = Object.entries(JSON.parse(line) as Record<string, unknown>);
	return JSON.stringify(Object.fromEntries(item.filter(([key]) => !saidByPeople.includes(key))));
}

function idOf(line: string): string {
	return (JSON.parse(line) as { id: string }).id;
}

function linesOf(text: string): string[] {
	return text.split('\n').filter((line) => line !== '');
}

async function filesOf(folder: string): Promise<string[]> {
	try {
		return await readdir(folder);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
		throw error;
	}
}

async function setReadOnly(folder: string): Promise<void> {
	for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
		await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o555 : 0o444);
}
