import { openSqliteLog } from '#sync-server/log/sqlite/open-log.ts';
import { startSyncServer } from './sync-server.ts';

/**
 * A sync server as a process of its own, whose memory nobody else's work is in. Prints its address. Its log is
 * in the file that is named, and in memory without one.
 */
const [, , file] = process.argv;
const { url } = await startSyncServer(
	file === undefined ? {} : { log: await openSqliteLog({ file }) },
);
process.stdout.write(`${url}\n`);
