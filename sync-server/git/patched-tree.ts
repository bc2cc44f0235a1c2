import { folderOf, shardDigits, shardFileName, type Dataset } from '#shared/snapshot/layout.ts';
import type {
	FrozenCorpus,
	FrozenItem,
	SnapshotRecord,
	SnapshotsTable,
} from '../tables/snapshots.ts';
import { ClassCounts } from './class-counts.ts';
import { withObjects, type ObjectReader } from './object-reader.ts';
import {
	answerOf,
	countChange,
	readLines,
	writeLine,
	writeLines,
	type Changed,
	type Lines,
} from './snapshot-lines.ts';
import { shardFolders, type ShardFolder, type TreeTarget } from './tree-target.ts';

export interface PatchedTree {
	readonly snapshots: Pick<SnapshotsTable, 'readChanged'>;
	readonly repository: string;
	/** The snapshot to start from; its revision is known. */
	readonly parent: SnapshotRecord;
	readonly corpus: FrozenCorpus;
	readonly target: TreeTarget;
}

export interface Patch {
	readonly dataset: Dataset;
	readonly changed: Changed;
}

type ChangedItem = FrozenItem & { readonly isWithdrawn: boolean };
type Shard = Record<ShardFolder, Lines>;

/** How many digits the shards of a snapshot have. */
export function digitsOf({ train, valid, gate, pool }: SnapshotRecord['counts']): number {
	return shardDigits(train + valid + gate + pool);
}

/**
 * Writes the shard files that changed since the parent: the parent's own lines, with those of changed items
 * taken out and put in. The same tree as a whole one, for the price of what changed. Undefined when the corpus
 * has come to need shards of another size: then a whole one is to be written.
 */
export async function writePatchedTree(tree: PatchedTree): Promise<Patch | undefined> {
	const { snapshots, repository, parent, corpus, target } = tree;
	const digits = digitsOf(parent.counts);
	const items = await snapshots.readChanged({ reading: corpus.reading, since: parent.revision });
	const counts = { ...parent.counts };
	const classes = new ClassCounts();
	classes.addAll(parent.classes);
	const changed: Changed = { added: 0, changed: 0, removed: 0 };
	await withObjects(repository, async (objects) => {
		for (const [name, some] of Map.groupBy(items, ({ shard }) => shardFileName(shard, digits))) {
			const shard = await readShard(objects, parent.id, name);
			const touched = new Set<ShardFolder>();
			for (const item of some) {
				const before = take(shard, item.id);
				const after = put(shard, item);
				if (before) {
					touched.add(before.folder);
					counts[before.folder === 'pool' ? 'pool' : item.split] -= 1;
				}
				if (after) {
					touched.add(after.folder);
					counts[after.folder === 'pool' ? 'pool' : item.split] += 1;
					await target.writeMedia(after.media);
				}
				const [was, is] = [answered(before), answered(after)];
				countChange(changed, was, is);
				if (was !== undefined && item.split !== 'gate') classes.add(answerOf(was), -1);
				if (is !== undefined && item.split !== 'gate') classes.add(answerOf(is), 1);
			}
			for (const folder of touched) {
				const text = writeLines(shard[folder]);
				if (text === undefined) target.remove(`${folder}/${name}`);
				else await target.write(`${folder}/${name}`, text);
			}
		}
	});
	if (digitsOf(counts) !== digits) return undefined;
	const { schema, schemaVersion } = corpus;
	const dataset = { schema, schemaVersion, counts, classes: classes.toJSON() };
	await target.writeDataset(dataset);
	return { dataset, changed };
}

async function readShard(objects: ObjectReader, commit: string, name: string): Promise<Shard> {
	const [items, gate, pool] = await Promise.all(
		shardFolders.map((folder) => objects.file(`${commit}:${folder}/${name}`)),
	);
	return {
		items: readLines(items?.toString() ?? ''),
		gate: readLines(gate?.toString() ?? ''),
		pool: readLines(pool?.toString() ?? ''),
	};
}

interface Placed {
	readonly folder: ShardFolder;
	readonly line: string;
}

/** Takes an item's line out, wherever it was. */
function take(shard: Shard, id: string): Placed | undefined {
	for (const folder of shardFolders) {
		const line = shard[folder].get(id);
		if (line === undefined) continue;
		shard[folder].delete(id);
		return { folder, line };
	}
	return undefined;
}

/** Puts an item's line where it belongs now; a withdrawn item has none. */
function put(shard: Shard, item: ChangedItem) {
	if (item.isWithdrawn) return undefined;
	const folder = folderOf(item.split, item.answer !== null);
	const { line, media } = writeLine(item);
	shard[folder].set(item.id, line);
	return { folder, line, media };
}

function answered(placed: Placed | undefined): string | undefined {
	return placed?.folder === 'pool' ? undefined : placed?.line;
}
