import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/**
 * Loaded before a program, in each of its threads (`--import`): while there is a file `<database>.fails`
 * beside a database, no commit to it becomes durable, and what was written is gone, as SQLite has it.
 */
const { exec } = Object.getOwnPropertyDescriptors(DatabaseSync.prototype);
DatabaseSync.prototype.exec = function (this: DatabaseSync, text: string): void {
	const syncs = text === 'COMMIT' || text.startsWith('PRAGMA wal_checkpoint');
	const fails = syncs && existsSync(`${this.location() ?? ''}.fails`);
	if (!fails) return exec.value!.call(this, text);
	if (text === 'COMMIT') exec.value!.call(this, 'ROLLBACK');
	throw Object.assign(new Error('disk I/O error'), { errcode: 1034 });
};
