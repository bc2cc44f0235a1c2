import { workerData } from 'node:worker_threads';
import { CommandError } from '#shared/api/errors.ts';
import { asDiskTrouble } from '../../disk-trouble.ts';
import { commandFailure } from '../../threads/command-failure.ts';
import { messageOf, serveCalls } from '../../threads/serve-calls.ts';
import { openDatabase } from './database.ts';
import { nounsOf } from './nouns.ts';

/** What the tables' thread is started with. */
export interface TablesThreadData {
	readonly file: string;
}

const database = openDatabase((workerData as TablesThreadData).file);
const nouns = nounsOf(database) as unknown as Record<
	string,
	Record<string, (...args: readonly unknown[]) => unknown>
>;

const tables = {
	/** Runs a method of a noun as one transaction. */
	run(
		noun: string,
		method: string,
		args: readonly unknown[],
	): { readonly result: unknown; readonly touched: readonly string[] } {
		try {
			return database.transaction(() => nouns[noun]![method]!(...args));
		} catch (error) {
			const told = asDiskTrouble(error);
			throw told instanceof CommandError
				? told
				: new Error(`${noun}.${method}: ${messageOf(error)}`, { cause: error });
		}
	},
	/** Opens the file anew where the disk failed; throws while it still does. */
	tryDisk(): void {
		database.tryDisk();
	},
};
export type TablesMethods = typeof tables;

serveCalls(tables, {
	failure: (error) => commandFailure(asDiskTrouble(error)),
	close: () => database.close(),
});
