import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { endProcesses } from '../command/end-processes.ts';
import { findProcess } from '../command/processes.ts';
import { AttemptCalls } from '../server/attempt-calls.ts';
import { openAttemptFolder, type AttemptFolder, type AttemptRecord } from './attempt-folder.ts';
import { AttemptOutput } from './attempt-output.ts';

/** What a runner that was killed has left: the processes are ended, the folders lie there until they are given back. */
export interface Leftovers {
	/** Attempts to give back to the server. */
	readonly attempts: readonly { run: string; attempt: number }[];
	/** Removes the folders, once the server knows. */
	forget(): Promise<void>;
}

export interface LeftoverOptions {
	readonly work: string;
	readonly server: string;
	readonly graceMs: number;
	/** How long may be spent on sending what was not sent. */
	readonly salvageMs: number;
}

/**
 * Ends what attempts of an earlier runner with this work folder left running, and sends what they printed and
 * could not send any more: the next attempt goes on from a checkpoint that may be newer than the last metric
 * the server has, and its curve shall have no gap.
 */
export async function findLeftovers(options: LeftoverOptions): Promise<Leftovers> {
	const { work, server, graceMs, salvageMs } = options;
	const names = await readdir(join(work, 'attempts')).catch((error: NodeJS.ErrnoException) => {
		if (error.code === 'ENOENT') return [];
		throw error;
	});
	const attempts: { run: string; attempt: number }[] = [];
	const folders: AttemptFolder[] = [];
	for (const name of names) {
		const { folder, record } = await openAttemptFolder(work, name);
		folders.push(folder);
		await endProcesses({ group: await groupOf(record), mark: folder.mark }, graceMs);
		if (record?.server !== server) continue;
		await salvage(folder, record, AbortSignal.timeout(salvageMs));
		const { run, attempt } = record.assignment;
		attempts.push({ run, attempt });
	}
	return {
		attempts,
		async forget() {
			for (const folder of folders.splice(0)) await folder.remove();
		},
	};
}

async function salvage(
	folder: AttemptFolder,
	{ server, assignment }: AttemptRecord,
	signal: AbortSignal,
): Promise<void> {
	const output = new AttemptOutput({
		folder,
		calls: new AttemptCalls(server, assignment),
		metrics: assignment.spec.metrics,
		signal,
		// Whatever the reason, there is nothing more to be saved then.
		onRefused: () => undefined,
	});
	await output.say('The runner was killed.');
	await output.drainMetrics();
	await output.drainLog();
	output.close();
}

/** The recorded group, unless its number belongs to another process by now. */
async function groupOf(record: AttemptRecord | undefined): Promise<number | undefined> {
	if (record?.group === undefined) return undefined;
	const leader = await findProcess(record.group);
	return leader && leader.startTime !== record.startTime ? undefined : record.group;
}
