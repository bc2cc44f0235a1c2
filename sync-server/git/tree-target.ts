import {
	datasetJson,
	gitAttributes,
	lfsPointer,
	mediaPath,
	type Dataset,
} from '#shared/snapshot/layout.ts';
import type { Media } from '#shared/schema/item.ts';
import type { BlobsTable } from '../tables/blobs.ts';
import type { FastImport } from './fast-import.ts';

export const shardFolders = ['items', 'gate', 'pool'] as const;
export type ShardFolder = (typeof shardFolders)[number];

/** Where a snapshot's files go: stored at once, placed when the commit begins. */
export class TreeTarget {
	readonly #import: FastImport;
	readonly #blobs: Pick<BlobsTable, 'findMany'>;
	readonly #project: string;
	readonly #placed = new Map<string, number>();
	readonly #removed: string[] = [];

	constructor(target: FastImport, blobs: Pick<BlobsTable, 'findMany'>, project: string) {
		this.#import = target;
		this.#blobs = blobs;
		this.#project = project;
	}

	async write(path: string, text: string): Promise<void> {
		this.#placed.set(path, await this.#import.store(text));
	}

	remove(path: string): void {
		this.#removed.push(path);
	}

	/** Writes the pointers of media that the project has. */
	async writeMedia(media: readonly Media[]): Promise<void> {
		const paths = new Map(media.map(({ blob, type }) => [mediaPath(blob, type), blob]));
		if (paths.size === 0) return;
		const records = await this.#blobs.findMany(this.#project, [...new Set(paths.values())]);
		const sizes = new Map(records.map(({ sha256, sizeBytes }) => [sha256, sizeBytes]));
		for (const [path, sha256] of paths) {
			const sizeBytes = sizes.get(sha256);
			if (sizeBytes !== undefined && !this.#placed.has(path))
				await this.write(path, lfsPointer(sha256, sizeBytes));
		}
	}

	async writeDataset(dataset: Dataset): Promise<void> {
		await this.write('dataset.json', datasetJson(dataset));
		await this.write('.gitattributes', gitAttributes);
	}

	/** Puts everything into the commit that has begun. */
	place(): void {
		for (const path of this.#removed) this.#import.remove(path);
		for (const [path, mark] of this.#placed) this.#import.place(path, mark);
	}
}
