import { randomUUID } from 'node:crypto';
import { CommandError } from '#shared/api/errors.ts';
import type { BlobsTable } from '../tables/blobs.ts';
import type { FrozenCorpus, SnapshotRecord, SnapshotsTable } from '../tables/snapshots.ts';
import { adoptSnapshots } from './adopt-snapshots.ts';
import { FastImport, type Author } from './fast-import.ts';
import { isRefName } from './names.ts';
import { digitsOf, writePatchedTree, type Patch } from './patched-tree.ts';
import type { ProjectsInOrder } from './projects-in-order.ts';
import { moveRefs, readRef } from './refs.ts';
import { runGit } from './run-git.ts';
import { TreeTarget } from './tree-target.ts';
import { writeWholeTree } from './whole-tree.ts';

export interface SnapshotDeps {
	readonly snapshots: SnapshotsTable;
	readonly blobs: Pick<BlobsTable, 'findMany'>;
	readonly order: ProjectsInOrder;
	readonly repositoryOf: (project: string) => string;
	readonly now: () => Date;
}

export interface SnapshotRequest {
	readonly project: string;
	/** Of the data set: the branch is `datasets/<name>`. */
	readonly name: string;
	/** What a person says about it; may be empty. */
	readonly message: string;
	readonly author: Author;
}

export interface TakenSnapshot {
	readonly commit: string;
	readonly tag: string;
	/** False when the corpus is as the newest snapshot has it: that one is given. */
	readonly isNew: boolean;
}

/**
 * Freezes the corpus of a project as a commit on `datasets/<name>` with a tag `snapshots/<name>/<n>`. Resolves
 * when commit, tag and table row are durable. One at a time in a project. Throws `bad_request` for a name git
 * would not take, `not_found` for an unknown project.
 */
export async function takeSnapshot(
	deps: SnapshotDeps,
	request: SnapshotRequest,
): Promise<TakenSnapshot> {
	const { project, name } = request;
	if (!isRefName(name))
		throw new CommandError(
			'bad_request',
			`name: "${name}" cannot name a data set; take letters, digits, dots, dashes and underscores, 80 at most.`,
		);
	return deps.order.run(project, () => take(deps, request));
}

async function take(deps: SnapshotDeps, request: SnapshotRequest): Promise<TakenSnapshot> {
	const { project, name } = request;
	const repository = deps.repositoryOf(project);
	const ref = `refs/heads/datasets/${name}`;
	const tip = await readRef(repository, ref);
	const parent = tip === undefined ? undefined : await recordOf(deps, project, tip);
	const corpus = await deps.snapshots.beginReading(project, parent?.revision ?? 0);
	if (!corpus) throw new CommandError('not_found', `There is no project ${project}.`);
	const target = new FastImport(repository, `refs/flywheel/pending/${randomUUID()}`);
	try {
		const tree = await writeTree(deps, { project, repository, parent, corpus, target });
		const number = (parent?.number ?? 0) + 1;
		const at = deps.now();
		const title = request.message.trim() || `Snapshot ${number} of ${name}`;
		target.begin({
			author: request.author,
			at,
			message: messageOf(title, tree),
			parents: tip === undefined ? [] : [tip],
		});
		if (tree.isWhole) target.deleteAll();
		tree.files.place();
		const made = await target.finish();
		const pending = { ref: target.pendingRef, from: made.commit, to: undefined };
		if (parent && (await treeOf(repository, parent.id)) === made.tree) {
			await moveRefs(repository, [pending]);
			return { commit: parent.id, tag: parent.tag, isNew: false };
		}
		const tag = `snapshots/${name}/${number}`;
		await moveRefs(repository, [
			{ ref, from: tip, to: made.commit },
			{ ref: `refs/tags/${tag}`, from: undefined, to: made.commit },
			pending,
		]);
		await deps.snapshots.add({
			id: made.commit,
			project,
			name,
			number,
			tag,
			message: title,
			at: at.toISOString(),
			by: request.author.user,
			revision: corpus.revision,
			counts: tree.dataset.counts,
			classes: tree.dataset.classes,
			changed: tree.changed,
		});
		return { commit: made.commit, tag, isNew: true };
	} finally {
		await target.abandon();
		await deps.snapshots.endReading(corpus.reading);
	}
}

/** So many changed items are patched into the parent's files at most; with more, writing all is as quick. */
const patchLimit = 5000;

interface WrittenTree extends Patch {
	readonly isWhole: boolean;
	readonly files: TreeTarget;
}

/** Stores the files of the corpus, on top of the parent's where that gives the very same tree. */
async function writeTree(
	{ snapshots, blobs }: SnapshotDeps,
	tree: {
		readonly project: string;
		readonly repository: string;
		readonly parent: SnapshotRecord | undefined;
		readonly corpus: FrozenCorpus;
		readonly target: FastImport;
	},
): Promise<WrittenTree> {
	const { project, repository, parent, corpus, target } = tree;
	const canPatch =
		parent !== undefined &&
		parent.revision > 0 &&
		// A restored backup may be older than its repository.
		parent.revision <= corpus.revision &&
		corpus.changedItems <= patchLimit &&
		!corpus.mayLoseMedia;
	if (canPatch) {
		const files = new TreeTarget(target, blobs, project);
		const patch = await writePatchedTree({ snapshots, repository, parent, corpus, target: files });
		if (patch) return { ...patch, isWhole: false, files };
	}
	const files = new TreeTarget(target, blobs, project);
	const before = parent && { commit: parent.id, digits: digitsOf(parent.counts) };
	const whole = await writeWholeTree({
		snapshots,
		repository,
		parent: before,
		corpus,
		target: files,
	});
	return { ...whole, isWhole: true, files };
}

async function recordOf(
	deps: SnapshotDeps,
	project: string,
	commit: string,
): Promise<SnapshotRecord | undefined> {
	const record = await deps.snapshots.find(commit);
	if (record) return record;
	await adoptSnapshots(deps, project);
	return deps.snapshots.find(commit);
}

function messageOf(title: string, { changed, dataset }: Patch): string {
	const { train, valid, gate, pool } = dataset.counts;
	const classes = Object.entries(dataset.classes).map(
		([tool, options]) =>
			`${tool}: ${Object.entries(options)
				.sort(([a], [b]) => (a < b ? -1 : 1))
				.map(([option, count]) => `${option} ${count}`)
				.join(', ')}`,
	);
	return [
		title,
		'',
		`Answers: ${changed.added} added, ${changed.changed} changed, ${changed.removed} removed.`,
		`Items: train ${train}, valid ${valid}, gate ${gate}, pool ${pool}.`,
		...classes,
		'',
	].join('\n');
}

async function treeOf(repository: string, commit: string): Promise<string> {
	return (await runGit(repository, ['rev-parse', `${commit}^{tree}`])).toString().trim();
}
