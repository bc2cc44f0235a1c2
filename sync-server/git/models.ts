import { randomUUID } from 'node:crypto';
import { CommandError } from '#shared/api/errors.ts';
import type { KeptFile } from '#shared/api/runner-protocol.ts';
import { lfsPointer } from '#shared/snapshot/layout.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { BlobsTable } from '../tables/blobs.ts';
import { FastImport, type Author, type FileMode } from './fast-import.ts';
import { isRefName } from './names.ts';
import type { ProjectsInOrder } from './projects-in-order.ts';
import { withObjects } from './object-reader.ts';
import { moveRefs, readRef } from './refs.ts';

/** From this size on, and with a NUL byte in it at any size, a kept file goes through LFS. */
const largeBytes = 512 * 1024;

export interface ModelDeps {
	readonly blobs: Pick<BlobsTable, 'findMany'>;
	readonly blobStore: Pick<BlobStore, 'open'>;
	readonly order: ProjectsInOrder;
	readonly repositoryOf: (project: string) => string;
	readonly now: () => Date;
}

export interface ModelRequest {
	readonly project: string;
	/** The branch is `model/<name>`. */
	readonly name: string;
	readonly codeCommit: string;
	readonly files: readonly KeptFile[];
	/** Run, attempt, data commit, parameters, quality: for a person. */
	readonly message: string;
	readonly author: Author;
}

export interface ModelCommit {
	readonly branch: string;
	readonly commit: string;
}

/**
 * Commits what a run produced to `model/<name>`, on top of what is there and of the code commit: the code's
 * tree with the kept files, large ones as LFS pointers. The same request again gives the commit it made
 * before. Throws `bad_request` for a path that has no place in a tree and for bytes the project does not have.
 */
export async function commitModel(deps: ModelDeps, request: ModelRequest): Promise<ModelCommit> {
	if (!isRefName(request.name))
		throw new CommandError('bad_request', `name: "${request.name}" cannot name a model.`);
	for (const { path } of request.files) checkPath(path);
	await checkBytes(deps, request);
	return deps.order.run(request.project, () => commit(deps, request));
}

async function commit(deps: ModelDeps, request: ModelRequest): Promise<ModelCommit> {
	const repository = deps.repositoryOf(request.project);
	const branch = `model/${request.name}`;
	const ref = `refs/heads/${branch}`;
	const previous = await readRef(repository, ref);
	const { codeCommit, message } = request;
	const before = await withObjects(repository, async (objects) => ({
		tree: await objects.read(`${codeCommit}^{tree}`),
		attributes: (await objects.file(`${codeCommit}:.gitattributes`))?.toString() ?? '',
		tip: previous === undefined ? undefined : (await objects.read(previous))?.bytes.toString(),
	}));
	if (!before.tree)
		throw new CommandError(
			'bad_request',
			`There is no commit ${codeCommit} in ${request.project}.`,
		);
	const target = new FastImport(repository, `refs/flywheel/pending/${randomUUID()}`);
	try {
		const { placed, large } = await storeFiles(deps, request, target);
		const attributes = await target.store(withLargeFiles(before.attributes, large));
		const parents = previous === undefined ? [codeCommit] : [previous, codeCommit];
		target.begin({ author: request.author, at: deps.now(), message, parents });
		target.deleteAll();
		target.takeTree(before.tree.id);
		if (large.length > 0) target.place('.gitattributes', attributes);
		for (const { path, mode, mark } of placed) target.place(path, mark, mode);
		const made = await target.finish();
		const pending = { ref: target.pendingRef, from: made.commit, to: undefined };
		if (previous !== undefined && before.tip && saysTheSame(before.tip, made.tree, request)) {
			await moveRefs(repository, [pending]);
			return { branch, commit: previous };
		}
		await moveRefs(repository, [{ ref, from: previous, to: made.commit }, pending]);
		return { branch, commit: made.commit };
	} finally {
		await target.abandon();
	}
}

async function storeFiles(
	{ blobStore }: ModelDeps,
	{ files }: ModelRequest,
	target: FastImport,
): Promise<{ placed: { path: string; mode: FileMode; mark: number }[]; large: string[] }> {
	const placed: { path: string; mode: FileMode; mark: number }[] = [];
	const large: string[] = [];
	for (const { path, sha256, sizeBytes, mode } of files) {
		const bytes = sizeBytes < largeBytes ? await readBytes(blobStore, sha256) : undefined;
		const isLarge = bytes === undefined || bytes.includes(0);
		if (isLarge) large.push(path);
		const mark = await target.store(isLarge ? lfsPointer(sha256, sizeBytes) : bytes);
		placed.push({ path, mode, mark });
	}
	return { placed, large };
}

async function readBytes(blobStore: Pick<BlobStore, 'open'>, sha256: string): Promise<Buffer> {
	const stream = await blobStore.open(sha256);
	if (!stream) throw new Error(`the bytes of ${sha256} are gone`);
	const chunks: Uint8Array[] = [];
	for await (const chunk of stream) chunks.push(chunk);
	return Buffer.concat(chunks);
}

async function checkBytes({ blobs }: ModelDeps, { project, files }: ModelRequest): Promise<void> {
	const records = await blobs.findMany(project, [...new Set(files.map(({ sha256 }) => sha256))]);
	const sizes = new Map(records.map(({ sha256, sizeBytes }) => [sha256, sizeBytes]));
	for (const { path, sha256, sizeBytes } of files)
		if (sizes.get(sha256) !== sizeBytes)
			throw new CommandError(
				'bad_request',
				`${path}: ${sizeBytes} bytes with the hash ${sha256} are not in ${project}; upload them first.`,
			);
}

function checkPath(path: string): void {
	const parts = path.split('/');
	const isSafe =
		// eslint-disable-next-line no-control-regex -- control characters are exactly what must not be there
		!/[\u0000-\u001f\u007f\\]/.test(path) &&
		parts.every((part) => part !== '' && part !== '.' && part !== '..') &&
		!parts.some((part) => /^\.git/i.test(part));
	if (!isSafe)
		throw new CommandError('bad_request', `"${path}" is not a path that a model can keep.`);
}

/** The tip of a model branch as this very request would have made it. */
function saysTheSame(tip: string, tree: string, { codeCommit, message }: ModelRequest): boolean {
	const end = tip.indexOf('\n\n');
	const head = tip.slice(0, end).split('\n');
	return (
		head.includes(`tree ${tree}`) &&
		head.includes(`parent ${codeCommit}`) &&
		tip.slice(end + 2).trimEnd() === message.trimEnd()
	);
}

/** `.gitattributes` with a line for each path that LFS holds. */
function withLargeFiles(attributes: string, paths: readonly string[]): string {
	const lines = paths.map(
		(path) => `${attributePattern(path)} filter=lfs diff=lfs merge=lfs -text\n`,
	);
	const own = attributes === '' || attributes.endsWith('\n') ? attributes : `${attributes}\n`;
	return own + lines.join('');
}

/** A pattern that matches this path alone. */
function attributePattern(path: string): string {
	const exact = `/${path.replace(/[*?[\]]/g, '\\$&')}`;
	return /[\s"]/.test(exact) ? `"${exact.replace(/[\\"]/g, '\\$&')}"` : exact;
}
