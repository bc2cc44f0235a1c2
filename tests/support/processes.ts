import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process as the kernel tells of it. */
export interface ProcessFacts {
	readonly pid: number;
	readonly parent: number;
	readonly command: string;
	readonly folder: string;
}

/** Every process that may be seen (Linux). One that ends meanwhile is left out. */
export function processes(): ProcessFacts[] {
	return readdirSync('/proc')
		.filter((name) => /^\d+$/.test(name))
		.flatMap((name) => {
			try {
				const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
				const state = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
				if (state[0] === 'Z') return [];
				return [
					{
						pid: Number(name),
						parent: Number(state[1]),
						command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim(),
						folder: readlinkSync(`/proc/${name}/cwd`),
					},
				];
			} catch {
				return []; // it ended while we looked
			}
		});
}

/** The processes that a process started, and those that these started. */
export function descendants(
	pid: number,
	all: readonly ProcessFacts[] = processes(),
): ProcessFacts[] {
	const own = all.filter(({ parent }) => parent === pid);
	return own.flatMap((child) => [child, ...descendants(child.pid, all)]);
}
