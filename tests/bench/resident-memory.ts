import { readFileSync } from 'node:fs';

/** Resident memory of a process in MB, from the kernel's own accounting. NaN where there is no /proc. */
export function residentMb(pid: number): number {
	try {
		const status = readFileSync(`/proc/${pid}/status`, 'utf8');
		return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1000;
	} catch {
		return NaN; // another operating system: the figure is then missing, and says so
	}
}

/** Watches a process and answers the highest resident memory seen, in MB. */
export function watchMemory(pid: number): () => number {
	let peak = residentMb(pid);
	const timer = setInterval(() => (peak = Math.max(peak, residentMb(pid))), 50);
	return () => {
		clearInterval(timer);
		return Math.max(peak, residentMb(pid));
	};
}
