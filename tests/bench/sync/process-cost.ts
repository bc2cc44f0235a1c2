import { readdirSync, readFileSync } from 'node:fs';

/** The kernel counts processor time in these. */
const ticksPerSecond = 100;

/** What a process and everything it started has used so far. */
export interface ProcessCost {
	/** User and system time of all its threads. */
	readonly cpuSeconds: number;
	readonly residentMb: number;
}

/** Reads it from the kernel. Throws where there is no /proc. */
export function processCost(pid: number): ProcessCost {
	let ticks = 0;
	let kilobytes = 0;
	for (const one of treeOf(pid)) {
		// The name may hold spaces and brackets; what is counted comes after it.
		const stat = readFileSync(`/proc/${one}/stat`, 'utf8');
		const [user, system, childUser, childSystem] = stat
			.slice(stat.lastIndexOf(')') + 2)
			.split(' ')
			.slice(11, 15)
			.map(Number) as [number, number, number, number];
		ticks += user + system + childUser + childSystem;
		const status = readFileSync(`/proc/${one}/status`, 'utf8');
		kilobytes += Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0);
	}
	return { cpuSeconds: ticks / ticksPerSecond, residentMb: kilobytes / 1000 };
}

function treeOf(pid: number): number[] {
	const parents = new Map<number, number>();
	for (const name of readdirSync('/proc'))
		if (/^\d+$/.test(name)) parents.set(Number(name), parentOf(name));
	const found = [pid];
	for (const one of found)
		for (const [child, parent] of parents) if (parent === one) found.push(child);
	return found;
}

function parentOf(pid: string): number {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
		return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
	} catch {
		return 0; // it has ended meanwhile
	}
}
