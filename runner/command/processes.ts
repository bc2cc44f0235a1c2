import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A process, as far as ending it takes. */
export interface Process {
	readonly pid: number;
	readonly group: number;
	/** Ticks since boot on Linux: tells a process from another one that got its number later. */
	readonly startTime: string;
}

const hasProc = process.platform === 'linux';

/** All processes that are not just remains (zombies) waiting to be reaped. */
async function livingProcesses(): Promise<Process[]> {
	if (!hasProc) return fromPs();
	const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
	const found = await Promise.all(pids.map((pid) => readStat(Number(pid))));
	return found.filter((one) => one !== undefined);
}

/** The process of a number, if it lives. */
export async function findProcess(pid: number): Promise<Process | undefined> {
	if (hasProc) return readStat(pid);
	return (await fromPs()).find((one) => one.pid === pid);
}

async function readStat(pid: number): Promise<Process | undefined> {
	const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(gone);
	if (text === undefined) return undefined;
	// pid (name) state parent group …; a name may hold blanks and parentheses, so read behind the last one.
	const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
	const [state, , group] = fields;
	if (state === 'Z' || state === 'X') return undefined;
	return { pid, group: Number(group), startTime: fields[19] ?? '' };
}

async function fromPs(): Promise<Process[]> {
	const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,pgid=,stat=,lstart=']);
	return stdout
		.split('\n')
		.map((line) => line.trim().split(/\s+/))
		.filter(([pid, , state]) => pid !== '' && state !== undefined && !state.startsWith('Z'))
		.map(([pid, group, , ...start]) => ({
			pid: Number(pid),
			group: Number(group),
			startTime: start.join(' '),
		}));
}

/**
 * Processes of a group, and on Linux those that left the group but still carry the mark in their environment
 * (`HOME=<folder of the attempt>`): a child that made itself a session is still ours to end.
 */
export async function membersOf(group: number | undefined, mark: string): Promise<Process[]> {
	const living = await livingProcesses();
	const isOurs = await Promise.all(
		living.map(async (one) => one.group === group || (hasProc && (await carries(one.pid, mark)))),
	);
	return living.filter((one, index) => isOurs[index] && one.pid !== process.pid);
}

async function carries(pid: number, mark: string): Promise<boolean> {
	const text = await readFile(`/proc/${pid}/environ`, 'latin1').catch(gone);
	return text?.split('\0').includes(Buffer.from(mark).toString('latin1')) ?? false;
}

/** A process that ended while it was looked at, or that belongs to somebody else: not ours. */
function gone(): undefined {
	return undefined;
}
