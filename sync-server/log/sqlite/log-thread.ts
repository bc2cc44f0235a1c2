import { workerData } from 'node:worker_threads';
import { LogFile } from './log-file.ts';
import { openLogFile } from './log-schema.ts';
import { messageOf, serveCalls } from '../../threads/serve-calls.ts';
import { UnreadableDocument, unreadableCode } from '../update-log.ts';

/** What the log's thread is started with. */
export interface LogThreadData {
	readonly file: string;
	/** Makes the file full early, as a full disk would. */
	readonly maxPages?: number;
}

const { file, maxPages } = workerData as LogThreadData;
const log = new LogFile(() => openLogFile(file, maxPages));
serveCalls(log, {
	failure: (error) => ({
		message: messageOf(error),
		...(error instanceof UnreadableDocument && { code: unreadableCode }),
	}),
	close: () => log.close(),
});
