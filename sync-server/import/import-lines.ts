import { randomBytes } from 'node:crypto';
import { CommandError } from '#shared/api/errors.ts';
import type { ImportReport } from '#shared/api/replies.ts';
import type { LineRefusal, PreparedLine } from '../tables/imports.ts';
import type { Tables } from '../tables/tables.ts';
import type { UploadedMedium } from './prepare-line.ts';
import { prepareLines } from './prepare-lines.ts';

/** How many lines become durable at once: other commands wait for one such piece at most. */
const pieceLines = 1000;
/** Refusals that are carried on; of more only the number is. */
const carriedRefusals = 1000;

export interface ImportProgressed {
	readonly bytes: number;
	readonly lines: number;
	readonly items: number;
}

export interface ImportRequest {
	readonly project: string;
	readonly by: string;
	/** Chunks of JSON lines, cut anywhere. */
	readonly lines: AsyncIterable<Uint8Array>;
	/** What the import's row says it was: `jsonl`, `zip`, `tar`, `sample`. */
	readonly format?: string;
	/** An imported answer replaces a person's. */
	readonly replaces?: boolean;
	readonly media?: ReadonlyMap<string, UploadedMedium>;
	readonly folder?: string;
	/** What was refused before the first line. */
	readonly refusals?: readonly LineRefusal[];
	readonly onProgress?: (progress: ImportProgressed) => void;
	readonly signal?: AbortSignal;
}

/**
 * Imports JSON lines (design §5), in pieces that are durable one by one. What is refused is reported and
 * hurts no other line. Sending the same again changes nothing, so a broken import is simply sent again:
 * its row says `failed`, and what it brought stays.
 */
export async function importLines(
	{ tables }: { readonly tables: Pick<Tables, 'projects' | 'imports'> },
	{ project: projectId, by, lines, format = 'jsonl', replaces = false, ...more }: ImportRequest,
): Promise<ImportReport> {
	const project = await tables.projects.find(projectId);
	const schema = project && (await tables.projects.schema(projectId, project.schemaVersion));
	if (!project || !schema) throw new CommandError('not_found', `There is no project ${projectId}.`);
	const { onProgress, signal, media, folder } = more;
	const id = randomBytes(10).toString('hex');
	const at = new Date().toISOString();
	await tables.imports.start({ id, project: projectId, by, at, format });

	let rows: PreparedLine[] = [];
	let refusals: LineRefusal[] = [...(more.refusals ?? [])];
	let refusedMore = 0;
	let seen = 0;
	const write = async (bytes: number): Promise<void> => {
		const { report } = await tables.imports.append({
			id,
			project: projectId,
			by,
			at,
			schemaVersion: project.schemaVersion,
			replaces,
			lines: seen,
			rows,
			refusals,
			refusedMore,
		});
		[rows, refusals, refusedMore, seen] = [[], [], 0, 0];
		onProgress?.({ bytes, lines: report.lines, items: report.items });
	};
	try {
		const options = {
			schema,
			itemKey: project.itemKey,
			...(media ? { media } : {}),
			...(folder === undefined ? {} : { folder }),
		};
		let bytes = 0;
		for await (const piece of prepareLines(lines, options)) {
			signal?.throwIfAborted();
			bytes = piece.bytes;
			seen += piece.lines;
			for (const refusal of piece.refusals)
				if (refusals.length < carriedRefusals) refusals.push(refusal);
				else refusedMore += 1;
			for (const row of piece.rows) rows.push(row);
			if (rows.length >= pieceLines || refusals.length >= carriedRefusals) await write(bytes);
		}
		if (seen > 0 || refusals.length > 0) await write(bytes);
		return await tables.imports.end(id, 'done');
	} catch (error) {
		// A disk that took no more may not take this either: `failAbandoned` writes it down later.
		await tables.imports.end(id, 'failed').catch(() => undefined);
		throw error;
	}
}
