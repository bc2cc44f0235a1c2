import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attachStrace, NotPossible } from './strace.ts';

/** Something that a disk does to a running server. */
export interface Trouble {
	readonly name: string;
	/** How long it lasts. */
	readonly forMs: number;
	/** True where nothing can become durable while it lasts. */
	readonly stopsAll: boolean;
	/** Begins it. What comes back ends it and says how many system calls met it, where that is known. */
	begin(server: { readonly pid: number; readonly data: string }): Promise<() => Promise<number>>;
}

const log = 'updates.db-wal';
const main = 'updates.db';

/** What the kernel is told to answer instead of what the disk says. */
interface Injection {
	readonly name: string;
	readonly stopsAll: boolean;
	readonly files: readonly string[];
	readonly inject: readonly string[];
}
const injections: readonly Injection[] = [
	{
		name: 'EIO on every fifth fsync of the log',
		stopsAll: false,
		files: [log],
		inject: ['fsync:error=EIO:when=2+5'],
	},
	{
		name: 'EIO on every fsync of the log',
		stopsAll: true,
		files: [log],
		inject: ['fsync:error=EIO'],
	},
	{
		name: 'EIO on every 20th write to the log',
		stopsAll: false,
		files: [log],
		inject: ['pwrite64:error=EIO:when=5+20'],
	},
	{
		name: 'EIO on every write and fsync of log and main file',
		stopsAll: true,
		files: [log, main],
		inject: ['fsync:error=EIO', 'pwrite64:error=EIO'],
	},
	{
		// Labels are saved all the same; what they change in the tables is made up for.
		name: 'EIO on every write and fsync of the tables',
		stopsAll: false,
		files: ['tables.db-wal', 'tables.db'],
		inject: ['fsync:error=EIO', 'pwrite64:error=EIO'],
	},
	{
		// Half a second for each: eight commits in all the time it lasts.
		name: 'stalled disk',
		stopsAll: false,
		files: [log],
		inject: ['fsync:delay_enter=500000'],
	},
];

export const troubles: readonly Trouble[] = [
	...injections.map(({ name, stopsAll, files, inject }) => ({
		name,
		stopsAll,
		forMs: 4000,
		begin: ({ pid, data }: { readonly pid: number; readonly data: string }) =>
			injected(
				pid,
				files.map((file) => join(data, file)),
				inject,
			),
	})),
	{
		name: 'a limit on file sizes',
		stopsAll: false,
		forMs: 4000,
		begin: ({ pid }) => Promise.resolve(limited(pid)),
	},
];

async function injected(
	pid: number,
	files: readonly string[],
	inject: readonly string[],
): Promise<() => Promise<number>> {
	const folder = mkdtempSync(join(tmpdir(), 'injected-'));
	const trace = join(folder, 'trace');
	const calls = inject.map((one) => one.slice(0, one.indexOf(':'))).join(',');
	const strace = await attachStrace(pid, [
		...files.flatMap((file) => ['-P', file]),
		...['-e', `trace=${calls}`, '-e', 'signal=none', '-o', trace],
		...inject.flatMap((one) => ['-e', `inject=${one}`]),
	]);
	return async () => {
		await strace.stop();
		const met = readFileSync(trace, 'utf8').match(/\((?:INJECTED|DELAYED)\)/g)?.length ?? 0;
		rmSync(folder, { recursive: true });
		return met;
	};
}

function limited(pid: number): () => Promise<number> {
	const limit = (size: string): void => {
		try {
			execFileSync('prlimit', ['--pid', String(pid), `--fsize=${size}:unlimited`], {
				stdio: 'ignore',
			});
		} catch (cause) {
			throw new NotPossible('prlimit is missing or not permitted', { cause });
		}
	};
	limit('1024');
	return () => {
		limit('unlimited');
		return Promise.resolve(NaN);
	};
}
