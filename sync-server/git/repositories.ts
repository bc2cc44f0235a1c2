import { randomUUID } from 'node:crypto';
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from '#shared/api/errors.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { BlobsTable } from '../tables/blobs.ts';
import type { ProjectsTable } from '../tables/projects.ts';
import type { PushesTable } from '../tables/pushes.ts';
import type { SnapshotsTable } from '../tables/snapshots.ts';
import { adoptSnapshots } from './adopt-snapshots.ts';
import { FastImport, type Author, type FileMode } from './fast-import.ts';
import { openHookChannel, type HookChannel } from './hook-channel.ts';
import { commitModel, type ModelCommit, type ModelRequest } from './models.ts';
import { isCommit, isProjectId, isRefName } from './names.ts';
import { ObjectReader, withObjects } from './object-reader.ts';
import { ProjectsInOrder } from './projects-in-order.ts';
import { Pushes, type TrainPush } from './pushes.ts';
import { listRefs, moveRefs, readRef, syncFolders } from './refs.ts';
import { runGit } from './run-git.ts';
import { tidyPacks } from './tidy-packs.ts';
import { takeSnapshot, type TakenSnapshot } from './snapshots.ts';

export interface RepositoriesOptions {
	/** Holds `<project>.git` for every project. */
	readonly folder: string;
	readonly tables: {
		readonly blobs: Pick<BlobsTable, 'findMany'>;
		readonly projects: Pick<ProjectsTable, 'list'>;
		readonly pushes: PushesTable;
		readonly snapshots: SnapshotsTable;
	};
	readonly blobStore: Pick<BlobStore, 'open'>;
	/**
	 * Makes the runs of a push of `train/*`. Must be harmless to repeat under the same origin. What it
	 * reports is printed in the terminal of the one who pushes.
	 */
	readonly onTrainPush: (push: TrainPush) => Promise<void>;
	/** A name to read for a user id. */
	readonly nameOf: (user: string) => Promise<string>;
	/** The public address, for links in messages. */
	readonly url: () => string;
	/** Told about failures that nobody waits for. */
	readonly onFault: (error: unknown) => void;
	readonly now?: () => Date;
}

/** A file of a first commit. */
export interface FirstFile {
	readonly path: string;
	readonly bytes: Uint8Array | string;
	readonly mode?: FileMode;
}

/** The bare repositories of all projects. Every promise resolves when what it did is on disk. */
export interface Repositories {
	/** Makes a project's repository with these files as the first commit of `main`. Again is harmless. */
	create(project: string, files: readonly FirstFile[], by?: string): Promise<void>;
	remove(project: string): Promise<void>;
	/** Holds all repositories, each as `<project>.git`. */
	readonly folder: string;
	/** The hook scripts, for `core.hooksPath`. */
	readonly hooksFolder: string;
	/** The bare repository's folder. */
	folderOf(project: string): string;
	snapshot(request: {
		project: string;
		name: string;
		message: string;
		by: string;
	}): Promise<TakenSnapshot>;
	/** The newest commit of `datasets/<name>`. */
	resolveData(project: string, name: string): Promise<string | undefined>;
	commitModel(request: Omit<ModelRequest, 'author'> & { by?: string }): Promise<ModelCommit>;
	/** The commit of a full reference, or of a branch, tag or commit by its short name. */
	resolve(project: string, name: string): Promise<string | undefined>;
	readFile(project: string, commit: string, path: string): Promise<Uint8Array | undefined>;
	/** Opens a reader of many objects (`<commit>:<path>`); the caller closes it. */
	objects(project: string): ObjectReader;
	/** `<folder>/…` of a commit, every file's path. */
	listFiles(project: string, commit: string, folder: string): Promise<string[]>;
	/** The first line of a commit's message. */
	subjectOf(project: string, commit: string): Promise<string>;
	/** Mends what a crash left (owed runs, snapshots without a row, references of work given up) and tidies. At start, then each minute. */
	reconcile(): Promise<void>;
	readonly pushes: Pushes;
	close(): Promise<void>;
}

/** Opens the repositories; those that exist stay as they are. */
export async function openRepositories(options: RepositoriesOptions): Promise<Repositories> {
	const { folder, tables } = options;
	await mkdir(folder, { recursive: true, mode: 0o700 });
	for (const name of await readdir(folder))
		if (isHalfMade(name)) await rm(join(folder, name), { recursive: true, force: true });
	const hooks: HookChannel = await openHookChannel(join(folder, '.hooks'));
	const order = new ProjectsInOrder();
	const now = options.now ?? (() => new Date());
	const folderOf = (project: string): string => {
		if (!isProjectId(project))
			throw new CommandError('not_found', `There is no project ${project}.`);
		return join(folder, `${project}.git`);
	};
	const deps = {
		snapshots: tables.snapshots,
		blobs: tables.blobs,
		blobStore: options.blobStore,
		order,
		repositoryOf: folderOf,
		now,
	};
	const authorOf = async (user: string | undefined): Promise<Author> =>
		user === undefined
			? { user: 'flywheel', name: 'Flywheel' }
			: { user, name: await options.nameOf(user) };
	const resolveData = async (project: string, name: string): Promise<string | undefined> =>
		isRefName(name) ? readRef(folderOf(project), `refs/heads/datasets/${name}`) : undefined;
	const pushes = new Pushes({ ...options, now, folderOf, resolveData, hooks });

	async function create(
		project: string,
		files: readonly FirstFile[],
		by: string | undefined,
	): Promise<void> {
		const repository = folderOf(project);
		if (await exists(join(repository, 'HEAD'))) return;
		const making = `${repository}.${randomUUID()}`;
		await runGit(making, ['init', '--quiet', '--bare', '--template=', making]);
		const target = new FastImport(making, 'refs/heads/main');
		try {
			const marks = [];
			for (const { path, bytes, mode } of files)
				marks.push({ path, mode, mark: await target.store(bytes) });
			const author = await authorOf(by);
			target.begin({ author, at: now(), message: `Start ${project}\n`, parents: [] });
			for (const { path, mark, mode } of marks) target.place(path, mark, mode);
			await target.finish();
		} finally {
			await target.abandon();
		}
		await syncFolders(making, ['refs/heads/main']);
		await rename(making, repository);
		await syncFolders(folder, []);
	}

	async function reconcile(): Promise<void> {
		const known = await tables.projects.list();
		for (const { id } of known) {
			const repository = folderOf(id);
			if (!(await exists(join(repository, 'HEAD')))) continue;
			await order.run(id, async () => {
				const pending = await listRefs(repository, 'refs/flywheel/');
				if (pending.length > 0)
					await moveRefs(
						repository,
						pending.map(({ ref, commit }) => ({ ref, from: commit, to: undefined })),
					);
				await adoptSnapshots(deps, id);
				await tidyPacks(repository);
			});
		}
		await pushes.settleOwed();
	}

	return {
		create: (project, files, by) => order.run(project, () => create(project, files, by)),
		remove: (project) =>
			order.run(project, () => rm(folderOf(project), { recursive: true, force: true })),
		folder,
		hooksFolder: hooks.folder,
		folderOf,
		snapshot: async ({ by, ...request }) =>
			takeSnapshot(deps, { ...request, author: await authorOf(by) }),
		resolveData,
		commitModel: async ({ by, ...request }) =>
			commitModel(deps, { ...request, author: await authorOf(by) }),
		async resolve(project, name) {
			if (isCommit(name)) return readRef(folderOf(project), name);
			if (name.startsWith('-') || /[\s:^~?*[\\]|\.\.|@\{/.test(name)) return undefined;
			return readRef(folderOf(project), name);
		},
		readFile: (project, commit, path) =>
			withObjects(folderOf(project), (objects) => objects.file(`${commit}:${path}`)),
		objects: (project) => new ObjectReader(folderOf(project)),
		async listFiles(project, commit, under) {
			const args = ['ls-tree', '-r', '-z', '--name-only', commit, '--', under];
			const out = await runGit(folderOf(project), args);
			return out
				.toString()
				.split('\0')
				.filter((path) => path !== '');
		},
		async subjectOf(project, commit) {
			const out = await runGit(folderOf(project), ['log', '-1', '--format=%s', commit]);
			return out.toString().trim();
		},
		reconcile,
		pushes,
		async close() {
			await order.idle();
			await hooks.close();
		},
	};
}

/** What a crash left of a repository in the making: `<project>.git.<random>`. */
function isHalfMade(name: string): boolean {
	return /^[a-z0-9-]+\.git\.[0-9a-f-]{36}$/.test(name);
}

async function exists(path: string): Promise<boolean> {
	try {
		await access(path);
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
		throw error;
	}
}
