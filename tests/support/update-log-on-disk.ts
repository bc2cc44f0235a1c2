import { DatabaseSync } from 'node:sqlite';
import * as Y from 'yjs';
import { readDocument } from '#sync-server/log/compact-document.ts';
import { LogFile } from '#sync-server/log/sqlite/log-file.ts';

/** A document as the server's update log holds it, read from the file by another process: what is committed now. */
export function documentOnDisk(file: string, name: string): Y.Doc {
	const sql = new DatabaseSync(file, { readOnly: true });
	try {
		sql.exec('BEGIN'); // all of one moment, whatever the server writes meanwhile
		return readDocument(name, new LogFile(() => sql).read(name));
	} finally {
		sql.close();
	}
}
