import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { schemaShape } from '#shared/schema/schema.ts';
import { mediaShape } from '#shared/schema/item.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { keepBlob } from '../blobs/keep-blob.ts';
import type { FirstFile } from '../git/repositories.ts';
import { importLines } from '../import/import-lines.ts';
import type { CreateProject } from '../projects/create-project.ts';
import type { Tables } from '../tables/tables.ts';
import type { Sample } from './sample.ts';

interface Seeding {
	readonly tables: Tables;
	readonly blobs: BlobStore;
	readonly createProject: CreateProject;
	/** Owner of the sample projects. */
	readonly by: string;
	readonly signal: AbortSignal;
}

/** Texts are reviewed, pictures are not: so both ways of working can be seen. */
const reviewed: ReadonlySet<string> = new Set(['reviews']);
const mediaAtOnce = 16;

/**
 * Makes the projects of a first start. What an earlier start began is finished: every step is harmless to
 * do again.
 */
export async function seedSamples(samples: readonly Sample[], seeding: Seeding): Promise<void> {
	for (const sample of samples) {
		seeding.signal.throwIfAborted();
		if (!(await seeding.tables.projects.find(sample.id)))
			await seeding.createProject({
				id: sample.id,
				name: sample.name,
				schema: schemaShape.parse(sample.schema),
				reviews: reviewed.has(sample.id),
				isSample: true,
				by: seeding.by,
				files: await filesBelow(fileURLToPath(sample.repository)),
			});
		await keepMedia(sample, seeding);
		await importLines(seeding, {
			project: sample.id,
			by: seeding.by,
			lines: Readable.from(linesOf(sample)),
			format: 'sample',
			signal: seeding.signal,
		});
	}
}

async function filesBelow(folder: string): Promise<FirstFile[]> {
	const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name))
		.sort();
	return Promise.all(
		names.map(async (name) => ({
			path: name.slice(folder.length).replaceAll('\\', '/'),
			bytes: await readFile(name),
		})),
	);
}

async function keepMedia(sample: Sample, { tables, blobs, signal }: Seeding): Promise<void> {
	const hashes = new Set<string>();
	for (const { data } of sample.items())
		for (const value of Object.values(data)) {
			const media = mediaShape.safeParse(value);
			if (media.success) hashes.add(media.data.blob);
		}
	const known = new Set(
		(await tables.blobs.findMany(sample.id, [...hashes])).map(({ sha256 }) => sha256),
	);
	const missing = [...hashes.difference(known)];
	for (let from = 0; from < missing.length; from += mediaAtOnce) {
		signal.throwIfAborted();
		await Promise.all(
			missing.slice(from, from + mediaAtOnce).map((sha256) => {
				const bytes = sample.blob(sha256);
				if (!bytes) throw new Error(`The sample ${sample.id} has no bytes for ${sha256}.`);
				return keepBlob(
					{ blobs, tables },
					{ project: sample.id, sha256, bytes: Readable.from([bytes]) },
				);
			}),
		);
	}
}

function* linesOf(sample: Sample): Iterable<Uint8Array> {
	const encoder = new TextEncoder();
	for (const item of sample.items()) yield encoder.encode(`${JSON.stringify(item)}\n`);
}
