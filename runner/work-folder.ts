import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findProcess } from './command/processes.ts';

/** A runner that is just stopping gets this long to leave the folder. */
const patienceMs = 20_000;

/** Takes the work folder for this process alone. Returns what leaves it. Throws when another runner keeps it. */
export async function takeWorkFolder(work: string): Promise<() => Promise<void>> {
	await mkdir(work, { recursive: true, mode: 0o700 });
	const lock = join(work, 'runner.json');
	const until = performance.now() + patienceMs;
	while (await isHeld(lock)) {
		if (performance.now() > until)
			throw new Error(`Another runner works in ${work}. Give this one another --work folder.`);
		await delay(200);
	}
	const self = await findProcess(process.pid);
	await writeFile(lock, JSON.stringify({ pid: process.pid, startTime: self?.startTime ?? '' }));
	return () => rm(lock, { force: true });
}

/** True while the process that wrote the lock lives; what a killed one left holds nothing. */
async function isHeld(lock: string): Promise<boolean> {
	try {
		const { pid, startTime } = JSON.parse(await readFile(lock, 'utf8')) as {
			pid: number;
			startTime: string;
		};
		const holder = pid === process.pid ? undefined : await findProcess(pid);
		return holder?.startTime === startTime;
	} catch (error) {
		if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT')
			return false;
		throw error;
	}
}
