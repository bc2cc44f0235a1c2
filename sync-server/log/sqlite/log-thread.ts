import { workerData } from 'node:worker_threads';
import { LogFile } from './log-file.ts';
import { openLogFile } from './log-schema.ts';
import { serveCalls } from '../serve-calls.ts';

/** What the log's thread is started with. */
export interface LogThreadData {
	readonly file: string;
	/** Makes the file full early, as a full disk would. */
	readonly maxPages?: number;
}

const { file, maxPages } = workerData as LogThreadData;
const log = new LogFile(() => openLogFile(file, maxPages));
serveCalls(log, { close: () => log.close() });
