import type { Dataset } from '#shared/snapshot/layout.ts';
import type { SnapshotRecord, SnapshotsTable } from '../tables/snapshots.ts';
import { withObjects } from './object-reader.ts';
import { listRefs } from './refs.ts';

interface AdoptDeps {
	readonly snapshots: SnapshotsTable;
	readonly repositoryOf: (project: string) => string;
}

const tagPattern = /^refs\/tags\/(snapshots\/([^/]+)\/(\d+))$/;

/**
 * Enters snapshots that are in git and not in the tables: a crash came between the two. What they froze is
 * read from the commit; their revision is unknown, so the next snapshot is written whole.
 */
export async function adoptSnapshots(
	{ snapshots, repositoryOf }: AdoptDeps,
	project: string,
): Promise<void> {
	const repository = repositoryOf(project);
	const tags = await listRefs(repository, 'refs/tags/snapshots/');
	for (const { ref, commit } of tags) {
		const [, tag, name, number] = tagPattern.exec(ref) ?? [];
		if (tag === undefined || name === undefined || (await snapshots.find(commit))) continue;
		const found = await readSnapshot(repository, commit);
		await snapshots.add({ ...found, id: commit, project, name, number: Number(number), tag });
	}
}

async function readSnapshot(
	repository: string,
	commit: string,
): Promise<Omit<SnapshotRecord, 'id' | 'project' | 'name' | 'number' | 'tag'>> {
	const { head, dataset } = await withObjects(repository, async (objects) => ({
		head: (await objects.read(commit))!.bytes.toString(),
		dataset: JSON.parse((await objects.file(`${commit}:dataset.json`))!.toString()) as Dataset,
	}));
	const [, user = '', seconds] = /^author .*<(.*)@flywheel> (\d+) /m.exec(head) ?? [];
	const message = head.slice(head.indexOf('\n\n') + 2);
	const [, added, changed, removed] =
		/^Answers: (\d+) added, (\d+) changed, (\d+) removed\.$/m.exec(message) ?? [];
	return {
		message: message.slice(0, message.indexOf('\n\nAnswers: ')),
		at: new Date(Number(seconds) * 1000).toISOString(),
		by: user,
		revision: 0,
		counts: dataset.counts,
		classes: dataset.classes,
		changed: { added: Number(added), changed: Number(changed), removed: Number(removed) },
	};
}
