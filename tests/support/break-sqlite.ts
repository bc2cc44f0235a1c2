import { DatabaseSync } from 'node:sqlite';
import type { CommitFaults, FaultyStep } from './faulty-disk.ts';

const errorCodes = { write: 778, fsync: 1034 } as const;
const diskError = (step: FaultyStep): Error =>
	Object.assign(new Error('disk I/O error'), { errcode: errorCodes[step] });

/**
 * Puts a disk below the SQLite of this thread that fails when it is told to. What is simulated is SQLite's
 * word for it: a COMMIT that throws SQLITE_IOERR_WRITE with nothing written, or SQLITE_IOERR_FSYNC with the
 * transaction gone from the connection (that is what SQLite does) or there after all (that is what a later
 * start may find). `bench -- faults` has the kernel refuse the real calls.
 */
export function breakSqlite(faults: CommitFaults): void {
	const { exec, close } = Object.getOwnPropertyDescriptors(DatabaseSync.prototype);
	DatabaseSync.prototype.exec = function (this: DatabaseSync, text: string): void {
		if (text.startsWith('PRAGMA wal_checkpoint') && faults.isFsyncFailing) throw diskError('fsync');
		const fault = text === 'COMMIT' ? faults.next() : undefined;
		if (!fault) return exec.value!.call(this, text);
		exec.value!.call(this, fault.keeps ? 'COMMIT' : 'ROLLBACK');
		throw diskError(fault.step);
	};
	DatabaseSync.prototype.close = function (this: DatabaseSync): void {
		faults.noteClosed();
		close.value!.call(this);
	};
}
