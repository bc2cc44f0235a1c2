import {
	datasetJson,
	gitAttributes,
	lfsPointer,
	mediaPath,
	shardDigits,
	shardFileName,
	shardRange,
	type Dataset,
} from '#shared/snapshot/layout.ts';
import type { Answer } from '#shared/schema/answer.ts';
import type { Media } from '#shared/schema/item.ts';
import type { BlobsTable } from '../tables/blobs.ts';
import type { FrozenCorpus, SnapshotsTable } from '../tables/snapshots.ts';
import type { FastImport } from './fast-import.ts';
import { withObjects, type ObjectReader } from './object-reader.ts';
import { runGit } from './run-git.ts';
import { countChanges, shardFiles, type Changed } from './snapshot-lines.ts';

const folders = ['items', 'gate', 'pool'] as const;
/** Shard files read together: about 1,600 items, a few milliseconds of work between two breaths. */
const filesAtOnce = 4;

export interface TreeDeps {
	readonly snapshots: SnapshotsTable;
	readonly blobs: Pick<BlobsTable, 'findMany'>;
	readonly project: string;
	readonly repository: string;
	/** The commit to start from, undefined for a first snapshot. */
	readonly parent: string | undefined;
	readonly corpus: FrozenCorpus;
	/** The parent's files of untouched shards are known to be right. */
	readonly canKeepParent: boolean;
	readonly target: FastImport;
}

/** Where the stored bytes go, once the commit has begun. */
export interface TreePlan {
	readonly dataset: Dataset;
	readonly changed: Changed;
	/** Empty the parent's tree first. */
	readonly isWhole: boolean;
	readonly placed: ReadonlyMap<string, number>;
	readonly removed: readonly string[];
}

/**
 * Stores the files of a corpus that differ from the parent's, shard by shard in bounded memory. The same
 * corpus gives the same tree whether it is written whole or on top of a parent: a touched shard's three files
 * are written or removed as a whole, and where anything else may differ the tree is written anew.
 */
export async function storeTree(deps: TreeDeps): Promise<TreePlan> {
	const { corpus, parent, repository, target } = deps;
	const { counts } = corpus;
	const digits = shardDigits(counts.train + counts.valid + counts.gate + counts.pool);
	const before = parent === undefined ? [] : await shardPaths(repository, parent);
	const digitsBefore = before[0] === undefined ? digits : digitsOf(before[0]);
	const isWhole = !deps.canKeepParent || digitsBefore !== digits || corpus.mayLoseMedia;
	// One group holds whole files of both trees.
	const width = Math.min(digits, digitsBefore);
	const groups = isWhole ? allGroups(width) : touchedGroups(corpus.touched, width);
	const changed: Changed = { added: 0, changed: 0, removed: 0 };
	const placed = new Map<string, number>();
	const removed: string[] = [];
	const beforeOf = Map.groupBy(before, (path) => baseOf(path).slice(0, width));
	await withObjects(repository, async (objects) => {
		for (let at = 0; at < groups.length; at += filesAtOnce) {
			const some = groups.slice(at, at + filesAtOnce);
			const items = await deps.snapshots.readShards({
				reading: corpus.reading,
				ranges: some.map((group) => shardRange(group)),
			});
			const { files, media } = shardFiles(items, digits);
			const old = some.flatMap((group) => beforeOf.get(group) ?? []);
			countChanges(
				await readAll(
					objects,
					parent,
					old.filter((path) => !path.startsWith('pool/')),
				),
				[...files].filter(([path]) => !path.startsWith('pool/')).map(([, text]) => text),
				changed,
			);
			for (const [path, text] of files) placed.set(path, await target.store(text));
			for (const path of old) if (!files.has(path)) removed.push(path);
			await storeMedia(deps, media, placed);
		}
	});
	const dataset: Dataset = {
		schema: corpus.schema,
		schemaVersion: corpus.schemaVersion,
		counts,
		classes: classesOf(corpus.answers),
	};
	placed.set('dataset.json', await target.store(datasetJson(dataset)));
	placed.set('.gitattributes', await target.store(gitAttributes));
	return { dataset, changed, isWhole, placed, removed: isWhole ? [] : removed };
}

async function storeMedia(
	{ blobs, project, target }: TreeDeps,
	media: readonly Media[],
	placed: Map<string, number>,
): Promise<void> {
	const paths = new Map(media.map(({ blob, type }) => [mediaPath(blob, type), blob]));
	if (paths.size === 0) return;
	const records = await blobs.findMany(project, [...new Set(paths.values())]);
	const sizes = new Map(records.map(({ sha256, sizeBytes }) => [sha256, sizeBytes]));
	for (const [path, sha256] of paths) {
		const sizeBytes = sizes.get(sha256);
		if (sizeBytes !== undefined && !placed.has(path))
			placed.set(path, await target.store(lfsPointer(sha256, sizeBytes)));
	}
}

async function readAll(
	objects: ObjectReader,
	parent: string | undefined,
	paths: readonly string[],
): Promise<string[]> {
	const files = await Promise.all(paths.map((path) => objects.file(`${parent}:${path}`)));
	return files.map((bytes) => bytes?.toString() ?? '');
}

/** `items/…`, `gate/…` and `pool/…` of a snapshot's tree. */
async function shardPaths(repository: string, commit: string): Promise<string[]> {
	const out = await runGit(repository, ['ls-tree', '-r', '--name-only', commit, '--', ...folders]);
	return out
		.toString()
		.split('\n')
		.filter((path) => path !== '');
}

function baseOf(path: string): string {
	return path.slice(path.indexOf('/') + 1);
}

function digitsOf(path: string): number {
	return baseOf(path).length - '.jsonl'.length;
}

function allGroups(digits: number): string[] {
	return Array.from({ length: 4 ** digits }, (_, index) => index.toString(4).padStart(digits, '0'));
}

function touchedGroups(touched: readonly number[], digits: number): string[] {
	return [...new Set(touched.map((shard) => shardFileName(shard, digits).slice(0, digits)))];
}

function classesOf(answers: FrozenCorpus['answers']): Record<string, Record<string, number>> {
	// Without prototypes: a tool or an option may be named after one of their members.
	const counts = (): Record<string, number> => Object.create(null) as Record<string, number>;
	const classes = Object.create(null) as Record<string, Record<string, number>>;
	for (const { answer, count } of answers)
		for (const [tool, value] of Object.entries((JSON.parse(answer) as Answer).values))
			for (const option of Array.isArray(value) ? value : [value]) {
				if (typeof option !== 'string') continue;
				const of = (classes[tool] ??= counts());
				of[option] = (of[option] ?? 0) + count;
			}
	return classes;
}
