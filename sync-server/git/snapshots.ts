import { randomUUID } from 'node:crypto';
import { CommandError } from '#shared/api/errors.ts';
import type { BlobsTable } from '../tables/blobs.ts';
import type { SnapshotRecord, SnapshotsTable } from '../tables/snapshots.ts';
import { adoptSnapshots } from './adopt-snapshots.ts';
import { FastImport, type Author } from './fast-import.ts';
import { isRefName } from './names.ts';
import { ProjectsInOrder } from './projects-in-order.ts';
import { moveRefs, readRef } from './refs.ts';
import { runGit } from './run-git.ts';
import { storeTree, type TreePlan } from './snapshot-tree.ts';

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
	const { snapshots, blobs } = deps;
	const repository = deps.repositoryOf(project);
	const ref = `refs/heads/datasets/${name}`;
	const parent = await readRef(repository, ref);
	const record = parent === undefined ? undefined : await recordOf(deps, project, parent);
	const since = record?.revision ?? 0;
	const corpus = await snapshots.beginReading(project, since);
	if (!corpus) throw new CommandError('not_found', `There is no project ${project}.`);
	const target = new FastImport(repository, `refs/flywheel/pending/${randomUUID()}`);
	try {
		const canKeepParent = since > 0 && since <= corpus.revision;
		const plan = await storeTree({
			snapshots,
			blobs,
			project,
			repository,
			parent,
			corpus,
			canKeepParent,
			target,
		});
		const number = (record?.number ?? 0) + 1;
		const at = deps.now();
		const title = request.message.trim() || `Snapshot ${number} of ${name}`;
		const message = messageOf(title, plan);
		target.begin({ author: request.author, at, message, parents: parent ? [parent] : [] });
		if (plan.isWhole) target.deleteAll();
		for (const path of plan.removed) target.remove(path);
		for (const [path, mark] of plan.placed) target.place(path, mark);
		const made = await target.finish();
		const pending = { ref: target.pendingRef, from: made.commit, to: undefined };
		if (parent !== undefined && record && (await treeOf(repository, parent)) === made.tree) {
			await moveRefs(repository, [pending]);
			return { commit: parent, tag: record.tag, isNew: false };
		}
		const tag = `snapshots/${name}/${number}`;
		await moveRefs(repository, [
			{ ref, from: parent, to: made.commit },
			{ ref: `refs/tags/${tag}`, from: undefined, to: made.commit },
			pending,
		]);
		await snapshots.add({
			id: made.commit,
			project,
			name,
			number,
			tag,
			message: title,
			at: at.toISOString(),
			by: request.author.user,
			revision: corpus.revision,
			counts: plan.dataset.counts,
			classes: plan.dataset.classes,
			changed: plan.changed,
		});
		return { commit: made.commit, tag, isNew: true };
	} finally {
		await target.abandon();
		await snapshots.endReading(corpus.reading);
	}
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

function messageOf(title: string, { changed, dataset }: TreePlan): string {
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
