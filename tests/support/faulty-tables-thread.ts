import { workerData } from 'node:worker_threads';
import { breakSqlite } from './break-sqlite.ts';
import { CommitFaults } from './faulty-disk.ts';

/** The tables' own thread over a disk that fails when it is told to. */
breakSqlite(new CommitFaults((workerData as { faults: SharedArrayBuffer }).faults));

await import('#sync-server/tables/sqlite/tables-thread.ts');
