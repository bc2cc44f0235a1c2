import { commandErrorOf } from '../../threads/command-failure.ts';
import { ThreadCaller } from '../../threads/thread-caller.ts';
import type { TableNouns, Tables } from '../tables.ts';
import type { TablesMethods, TablesThreadData } from './tables-thread.ts';

const nouns = [
	'runs',
	'predictions',
	'metrics',
	'attempts',
	'batches',
	'blobs',
	'imports',
	'items',
	'submissions',
	'tokens',
	'settings',
	'invites',
	'accounts',
	'projects',
	'members',
	'changes',
	'pushes',
	'snapshots',
] as const satisfies readonly (keyof TableNouns)[];

/**
 * The tables in an SQLite file, served by a worker thread of their own. Rejects when the file cannot be opened.
 * `program` is that thread's; tests put a disk that fails below it.
 */
export async function openTables(
	{
		onLost,
		...data
	}: TablesThreadData & {
		/** The thread died; every call rejects from then on. */
		readonly onLost?: (error: Error) => void;
	},
	program = new URL('./tables-thread.ts', import.meta.url),
): Promise<Tables> {
	const thread = await ThreadCaller.start<TablesMethods>(program, {
		workerData: data,
		onLost,
		errorOf: commandErrorOf,
	});
	const listeners = new Set<(projects: readonly string[]) => void>();

	async function run(noun: string, method: string, args: readonly unknown[]): Promise<unknown> {
		const { result, touched } = await thread.callSoon('run', noun, method, args);
		if (touched.length > 0) for (const listener of listeners) listener(touched);
		return result;
	}

	const proxies = Object.fromEntries(
		nouns.map((noun) => [
			noun,
			new Proxy(
				{},
				{
					get:
						(_, method) =>
						(...args: unknown[]) =>
							run(noun, String(method), args),
				},
			),
		]),
	) as unknown as TableNouns;

	return {
		...proxies,
		onCommit(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		tryDisk: () => thread.callSoon('tryDisk'),
		close: () => thread.close(),
	};
}
