import { workerData } from 'node:worker_threads';
import { LogFile } from './log-file.ts';
import { openLogFile } from './log-schema.ts';
import { asDiskTrouble } from '../../disk-trouble.ts';
import { commandFailure } from '../../threads/command-failure.ts';
import { serveCalls } from '../../threads/serve-calls.ts';
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
	failure: (error) =>
		error instanceof UnreadableDocument
			? { message: error.message, code: unreadableCode }
			: commandFailure(asDiskTrouble(error)),
	close: () => log.close(),
});
