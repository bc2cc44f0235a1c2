import { parentPort, workerData } from 'node:worker_threads';
import { CommandError, type ErrorCode } from '#shared/api/errors.ts';
import { giveBackAtRest } from '../../give-back.ts';
import { openDatabase } from './database.ts';
import { nounsOf } from './nouns.ts';

/** A call from the server's main thread, and its answer. `close` ends the thread. */
export interface Call {
	readonly id: number;
	readonly noun: string;
	readonly method: string;
	readonly args: readonly unknown[];
}
export type Answer =
	| { readonly id: number; readonly result: unknown; readonly touched: readonly string[] }
	| {
			readonly id: number;
			readonly failure: { readonly code?: ErrorCode; readonly message: string };
	  };

const port = parentPort;
if (!port) throw new Error('tables-thread runs as a worker thread');
const database = openDatabase((workerData as { file: string }).file);
const nouns = nounsOf(database) as unknown as Record<
	string,
	Record<string, (...args: readonly unknown[]) => unknown>
>;

/**
 * SQLITE_FULL, and SQLITE_IOERR_WRITE, which is what a quota or a limit on files gives: the failures of the
 * database that a person can mend at once.
 */
const fullCodes: ReadonlySet<number | undefined> = new Set([13, 778]);

port.on('message', (calls: readonly Call[] | 'close') => {
	if (calls === 'close') {
		database.close();
		port.close();
		return;
	}
	for (const call of calls) port.postMessage(answer(call));
});
giveBackAtRest();
port.postMessage('ready');

function answer({ id, noun, method, args }: Call): Answer {
	try {
		const { result, touched } = database.transaction(() => nouns[noun]![method]!(...args));
		return { id, result, touched };
	} catch (error) {
		const message = error instanceof Error ? error.message : String(error);
		if (error instanceof CommandError) return { id, failure: { code: error.code, message } };
		const isFull = fullCodes.has((error as { errcode?: number }).errcode);
		return {
			id,
			failure: isFull
				? { code: 'disk_full', message }
				: { message: `${noun}.${method}: ${message}` },
		};
	}
}
