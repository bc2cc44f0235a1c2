import { join } from 'node:path';
import { openSqliteLog } from '#sync-server/log/sqlite/open-log.ts';
import { startSyncServer } from './sync-server.ts';

/** A sync server as a process of its own, on the real disk, to be killed. Prints its address; argument: the folder. */
const log = await openSqliteLog({ file: join(process.argv[2]!, 'updates.sqlite'), historyMs: 150 });
// Lets go of history all the time, for the same reason.
setInterval(() => void log.expireHistory(Date.now()), 20);
// Compacts all the time, so that a kill often falls into a compaction.
const { url, time } = await startSyncServer({ log, compactionRows: 7 });
setInterval(() => (time.now = Date.now()), 5);
process.stdout.write(`${url}\n`);
