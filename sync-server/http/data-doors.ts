import { may, type Right } from '#shared/access/access.ts';
import { CommandError } from '#shared/api/errors.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { BatchStanding } from '../tables/batches.ts';
import type { Tables } from '../tables/tables.ts';
import type { Caller } from '../accounts/caller.ts';
import type { Guard, Standing } from '../accounts/guard.ts';

/** What the calls about items, batches and blobs are given. */
export interface DataDoors {
	readonly tables: Tables;
	readonly guard: Guard;
	readonly blobs: BlobStore;
	/** Told after each change of who may do what with a batch (S7). */
	readonly rightsChanged: (change: { project: string; batch: string }) => void;
	/** The server's clock, in milliseconds since the epoch; it never goes back. */
	readonly now: () => number;
	/** The most that one uploaded blob may have. */
	readonly blobLimitBytes: number;
	/** Where an archive's lines wait for their media. */
	readonly importsFolder: string;
}

type Person = Extract<Caller, { kind: 'person' }>;

/** The standing of somebody who reads the corpus. To a labeler these addresses do not exist. */
export async function corpusReader(
	{ guard }: Pick<DataDoors, 'guard'>,
	caller: Caller,
	project: string,
): Promise<Standing> {
	const standing = await guard.project(caller, project, 'read-project');
	if (!may(standing.role, 'read-corpus'))
		throw new CommandError(
			'not_found',
			`There is nothing here in ${project} that is yours to see.`,
		);
	return standing;
}

/** A batch that the person may know of, with how they stand to it. Missing and forbidden look the same. */
export async function knownBatch(
	{ tables }: Pick<DataDoors, 'tables'>,
	caller: Person,
	id: string,
): Promise<BatchStanding> {
	const found = await tables.batches.standing(id, caller.user);
	const mayKnow = found?.role !== undefined && (found.isMember || may(found.role, 'read-corpus'));
	if (!found || !mayKnow)
		throw new CommandError('not_found', `There is no batch ${id} here, or it is not yours to see.`);
	return found;
}

/** The same, for somebody with a right in its project; `forbidden` for those who only see it. */
export async function batchFor(
	doors: Pick<DataDoors, 'tables'>,
	caller: Person,
	id: string,
	right: Right,
): Promise<BatchStanding> {
	const found = await knownBatch(doors, caller, id);
	if (!may(found.role, right))
		throw new CommandError('forbidden', `A ${found.role} may not do this (${right}).`);
	return found;
}
