import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { endProcesses } from '../command/end-processes.ts';
import { findProcess } from '../command/processes.ts';
import { markOf, readRecord, type AttemptRecord } from './attempt-folder.ts';

/** What a runner that was killed has left: the processes are ended, the folders lie there until they are given back. */
export interface Leftovers {
	/** Attempts to give back to the server. */
	readonly attempts: readonly { run: string; attempt: number }[];
	/** Removes the folders, once the server knows. */
	forget(): Promise<void>;
}

/** Ends what attempts of an earlier runner with this work folder left running. */
export async function findLeftovers(
	work: string,
	server: string,
	graceMs: number,
): Promise<Leftovers> {
	const root = join(work, 'attempts');
	const names = await readdir(root).catch((error: NodeJS.ErrnoException) => {
		if (error.code === 'ENOENT') return [];
		throw error;
	});
	const attempts: { run: string; attempt: number }[] = [];
	for (const name of names) {
		const folder = join(root, name);
		const record = await readRecord(folder);
		await endProcesses({ group: await groupOf(record), mark: markOf(folder) }, graceMs);
		if (record?.server === server) attempts.push({ run: record.run, attempt: record.attempt });
	}
	return {
		attempts,
		async forget() {
			for (const name of names) await rm(join(root, name), { recursive: true, force: true });
		},
	};
}

/** The recorded group, unless its number belongs to another process by now. */
async function groupOf(record: AttemptRecord | undefined): Promise<number | undefined> {
	if (record?.group === undefined) return undefined;
	const leader = await findProcess(record.group);
	return leader && leader.startTime !== record.startTime ? undefined : record.group;
}
