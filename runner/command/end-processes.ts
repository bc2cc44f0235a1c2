import { setTimeout as delay } from 'node:timers/promises';
import { membersOf, type Process } from './processes.ts';

export interface Doomed {
	/** Process group; undefined where only the mark is known. */
	readonly group: number | undefined;
	/** An entry of the environment that all of them were given, `HOME=…`. */
	readonly mark: string;
}

/**
 * Ends every process of a command: asks with SIGTERM, waits for the grace, kills what is left, and looks again
 * until nothing is there. Resolves when nothing lives any more; throws when something cannot be killed.
 */
export async function endProcesses(
	{ group, mark }: Doomed,
	graceMs: number,
	hurry?: AbortSignal,
): Promise<void> {
	let left = await membersOf(group, mark);
	if (left.length === 0) return;
	signalAll(left, 'SIGTERM');
	const graceEnds = performance.now() + graceMs;
	while (left.length > 0 && performance.now() < graceEnds && !hurry?.aborted) {
		await delay(50);
		left = await membersOf(group, mark);
	}
	const killEnds = performance.now() + 10_000;
	while (left.length > 0) {
		signalAll(left, 'SIGKILL');
		await delay(20);
		left = await membersOf(group, mark);
		if (performance.now() > killEnds && left.length > 0)
			throw new Error(`Cannot kill ${left.map(({ pid }) => pid).join(', ')}.`);
	}
}

function signalAll(processes: readonly Process[], signal: NodeJS.Signals): void {
	for (const { pid } of processes)
		try {
			process.kill(pid, signal);
		} catch (error) {
			// Gone between the look and the signal.
			if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
		}
}
