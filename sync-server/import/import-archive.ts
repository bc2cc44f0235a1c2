import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CommandError } from '#shared/api/errors.ts';
import type { ImportReport } from '#shared/api/replies.ts';
import { asDiskTrouble } from '../disk-trouble.ts';
import { keepBlob, type BlobDoors } from '../blobs/keep-blob.ts';
import type { LineRefusal } from '../tables/imports.ts';
import type { Tables } from '../tables/tables.ts';
import { isLitter, safePath, type ArchiveEntry } from './archive-entry.ts';
import { importLines, type ImportRequest } from './import-lines.ts';
import type { UploadedMedium } from './prepare-line.ts';

/** The most files in one archive. */
const filesLimit = 100_000;

export interface ArchiveDoors extends BlobDoors {
	readonly tables: Pick<Tables, 'projects' | 'imports' | 'blobs'>;
	readonly blobLimitBytes: number;
	/** Where lines wait for their media: on the disk that was chosen for the data, whatever `/tmp` is. */
	readonly importsFolder: string;
}

/**
 * Imports an archive: one file of JSON lines, and the media that its lines name by their path. Media become
 * blobs of the project as they come; the lines wait in a file until all media are there. Entries whose path
 * tries to lead out of the archive are refused one by one, under line 0.
 */
export async function importArchive(
	doors: ArchiveDoors,
	entries: AsyncIterable<ArchiveEntry>,
	request: Omit<ImportRequest, 'lines' | 'media' | 'folder' | 'refusals'>,
): Promise<ImportReport> {
	const folder = await waitingFolder(doors.importsFolder);
	try {
		const linesFile = join(folder, 'lines');
		const media = new Map<string, UploadedMedium>();
		const refusals: LineRefusal[] = [];
		let linesPath: string | undefined;
		let files = 0;
		for await (const { path: given, bytes } of entries) {
			files += 1;
			if (files > filesLimit)
				throw new CommandError('too_large', `More than ${filesLimit} files in one archive.`);
			if (isLitter(given)) {
				await drain(bytes);
				continue;
			}
			const path = safePath(given);
			if (path === undefined) {
				const reason = `The path ${JSON.stringify(given.slice(0, 200))} is not one inside the archive.`;
				refusals.push({ line: 0, code: 'bad_path', reason });
				await drain(bytes);
				continue;
			}
			if (/\.(jsonl|ndjson)$/i.test(path)) {
				if (linesPath !== undefined)
					throw new CommandError('bad_request', `Two files of lines: ${linesPath} and ${path}.`);
				linesPath = path;
				await pipeline(Readable.from(bytes), createWriteStream(linesFile)).catch(
					(error: unknown) => {
						throw asDiskTrouble(error);
					},
				);
				continue;
			}
			const { project, signal } = request;
			const limitBytes = doors.blobLimitBytes;
			const kept = await keepBlob(doors, {
				project,
				bytes,
				limitBytes,
				...(signal ? { signal } : {}),
			});
			media.set(path, { blob: kept.sha256, type: kept.type });
		}
		if (linesPath === undefined)
			throw new CommandError('bad_request', 'The archive has no file of lines (*.jsonl).');
		const lines = (await open(linesFile)).createReadStream({ highWaterMark: 128 * 1024 });
		return await importLines(doors, {
			...request,
			lines: lines as AsyncIterable<Uint8Array>,
			media,
			folder: linesPath.slice(0, linesPath.lastIndexOf('/') + 1),
			refusals,
		});
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

async function waitingFolder(importsFolder: string): Promise<string> {
	try {
		await mkdir(importsFolder, { recursive: true, mode: 0o700 });
		return await mkdtemp(join(importsFolder, 'lines-'));
	} catch (error) {
		throw asDiskTrouble(error);
	}
}

async function drain(bytes: AsyncIterable<Uint8Array>): Promise<void> {
	const chunks = bytes[Symbol.asyncIterator]();
	while (!(await chunks.next()).done);
}
