import { parentPort, workerData } from 'node:worker_threads';
import { UnreadableDocument } from '../update-log.ts';
import { LogFile } from './log-file.ts';
import { openLogFile } from './log-schema.ts';

/** What a log thread is started with. Two run on one file: one appends and reads, one compacts. */
export interface LogThreadData {
	readonly file: string;
	readonly maxPages?: number;
}

type Method = Exclude<keyof LogFile, 'close'>;
export interface LogCall {
	readonly id: number;
	readonly method: Method;
	readonly args: readonly unknown[];
}
export type LogAnswer =
	| { readonly id: number; readonly result: unknown }
	| { readonly id: number; readonly failure: string; readonly isUnreadable: boolean };

const port = parentPort;
if (!port) throw new Error('log-thread runs as a worker thread');
const { file, maxPages } = workerData as LogThreadData;
const log = new LogFile(openLogFile(file, maxPages));
const methods = log as unknown as Record<Method, (...args: readonly unknown[]) => unknown>;

let last: Promise<void> = Promise.resolve();
port.on('message', (call: LogCall | 'close') => {
	// One after the other: a compaction waits for the disk in the middle, and owns the connection meanwhile.
	last = last.then(async () => {
		if (call !== 'close') return port.postMessage(await answer(call));
		log.close();
		port.close();
	});
});
port.postMessage('ready');

async function answer({ id, method, args }: LogCall): Promise<LogAnswer> {
	try {
		return { id, result: await methods[method](...args) };
	} catch (error) {
		const failure = error instanceof Error ? error.message : String(error);
		return { id, failure, isUnreadable: error instanceof UnreadableDocument };
	}
}
