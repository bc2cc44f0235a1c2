import {
	folderOf,
	shardDigits,
	shardFileName,
	shardRange,
	type Dataset,
} from '#shared/snapshot/layout.ts';
import type { Answer } from '#shared/schema/answer.ts';
import type { FrozenCorpus, SnapshotsTable } from '../tables/snapshots.ts';
import { ClassCounts } from './class-counts.ts';
import { withObjects, type ObjectReader } from './object-reader.ts';
import {
	countChange,
	readLines,
	writeLine,
	writeLines,
	type Changed,
	type Lines,
} from './snapshot-lines.ts';
import type { TreeTarget } from './tree-target.ts';

/** Shard files read together: about 1,600 items, a few milliseconds of work between two breaths. */
const groupsAtOnce = 4;

export interface WholeTree {
	readonly snapshots: Pick<SnapshotsTable, 'tally' | 'readShards'>;
	readonly repository: string;
	/** The commit to compare with, and how many digits its shards have. */
	readonly parent: { readonly commit: string; readonly digits: number } | undefined;
	readonly corpus: FrozenCorpus;
	readonly target: TreeTarget;
}

/** Writes every file of a corpus, shard by shard in bounded memory, and counts what differs from the parent. */
export async function writeWholeTree(
	tree: WholeTree,
): Promise<{ readonly dataset: Dataset; readonly changed: Changed }> {
	const { snapshots, repository, parent, corpus, target } = tree;
	const { counts, answers } = await snapshots.tally(corpus.reading);
	const digits = shardDigits(counts.train + counts.valid + counts.gate + counts.pool);
	const classes = new ClassCounts();
	for (const { answer, count } of answers) classes.add(JSON.parse(answer) as Answer, count);
	// One group holds whole files of both trees.
	const width = Math.min(digits, parent?.digits ?? digits);
	const changed: Changed = { added: 0, changed: 0, removed: 0 };
	await withObjects(repository, async (objects) => {
		for (let at = 0; at < 4 ** width; at += groupsAtOnce) {
			const groups = Array.from({ length: groupsAtOnce }, (_, index) =>
				(at + index).toString(4).padStart(width, '0'),
			);
			const ranges = groups.map((group) => shardRange(group));
			const items = await snapshots.readShards({ reading: corpus.reading, ranges });
			const files = new Map<string, Lines>();
			const answered: Lines = new Map();
			const media = [];
			for (const item of items) {
				const folder = folderOf(item.split, item.answer !== null);
				const path = `${folder}/${shardFileName(item.shard, digits)}`;
				const written = writeLine(item);
				const lines: Lines = files.get(path) ?? new Map<string, string>();
				files.set(path, lines.set(item.id, written.line));
				if (folder !== 'pool') answered.set(item.id, written.line);
				media.push(...written.media);
			}
			for (const [path, lines] of files) await target.write(path, writeLines(lines)!);
			await target.writeMedia(media);
			compare(
				parent ? await readAnswered(objects, parent, groups) : new Map<string, string>(),
				answered,
				changed,
			);
		}
	});
	const { schema, schemaVersion } = corpus;
	const dataset = { schema, schemaVersion, counts, classes: classes.toJSON() };
	await target.writeDataset(dataset);
	return { dataset, changed };
}

/** The corpus lines of the parent in some groups. */
async function readAnswered(
	objects: ObjectReader,
	{ commit, digits }: { readonly commit: string; readonly digits: number },
	groups: readonly string[],
): Promise<Lines> {
	const names = groups.flatMap((group) =>
		Array.from(
			{ length: 4 ** (digits - group.length) },
			(_, index) => group + index.toString(4).padStart(digits - group.length, '0'),
		).map((name) => name.slice(0, digits)),
	);
	const paths = names.flatMap((name) => [`items/${name}.jsonl`, `gate/${name}.jsonl`]);
	const texts = await Promise.all(paths.map((path) => objects.file(`${commit}:${path}`)));
	return new Map(texts.flatMap((text) => (text ? [...readLines(text.toString())] : [])));
}

function compare(before: Lines, after: Lines, changed: Changed): void {
	for (const [id, line] of after) countChange(changed, before.get(id), line);
	for (const [id, line] of before) if (!after.has(id)) countChange(changed, line, undefined);
}
