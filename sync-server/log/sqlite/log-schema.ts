import { DatabaseSync } from 'node:sqlite';

/**
 * The update log's own file: WAL, and an fsync with every commit (NORMAL would lose the last ones when the
 * power fails). Each row carries a CRC, so that a torn or rotten one is noticed and never applied.
 */
const schema = `
CREATE TABLE IF NOT EXISTS documents (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	epoch INTEGER NOT NULL,
	head INTEGER NOT NULL DEFAULT 0,
	head_crc INTEGER NOT NULL DEFAULT 0,
	snapshot_seq INTEGER NOT NULL DEFAULT 0,
	least_writer INTEGER NOT NULL DEFAULT 0,
	rows INTEGER NOT NULL DEFAULT 0,
	bytes INTEGER NOT NULL DEFAULT 0,
	changed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS updates (
	document INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	user TEXT NOT NULL,
	client INTEGER,
	at INTEGER NOT NULL,
	data BLOB NOT NULL,
	crc INTEGER NOT NULL,
	PRIMARY KEY (document, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS snapshots (
	document INTEGER NOT NULL,
	generation TEXT NOT NULL CHECK (generation IN ('current', 'previous')),
	seq INTEGER NOT NULL,
	at INTEGER NOT NULL,
	format TEXT NOT NULL CHECK (format = 'v2+gzip'),
	data BLOB NOT NULL,
	crc INTEGER NOT NULL,
	PRIMARY KEY (document, generation)
) STRICT;
CREATE TABLE IF NOT EXISTS owners (
	document INTEGER NOT NULL,
	client INTEGER NOT NULL,
	user TEXT NOT NULL,
	PRIMARY KEY (document, client)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS archive (
	id INTEGER PRIMARY KEY,
	document INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	up_to INTEGER NOT NULL,
	at INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	data BLOB NOT NULL,
	crc INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS archive_in_order ON archive (document, seq, up_to, at, bytes);
CREATE TABLE IF NOT EXISTS bases (
	document INTEGER PRIMARY KEY,
	seq INTEGER NOT NULL,
	at INTEGER NOT NULL,
	data BLOB NOT NULL,
	crc INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS authors (
	document INTEGER NOT NULL,
	client INTEGER NOT NULL,
	clock INTEGER NOT NULL,
	until INTEGER NOT NULL,
	user TEXT NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (document, client, clock)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS quarantine (
	id INTEGER PRIMARY KEY,
	document TEXT NOT NULL,
	user TEXT NOT NULL,
	at INTEGER NOT NULL,
	reason TEXT NOT NULL,
	data BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS quarantine_by_user ON quarantine (document, user, id);
CREATE INDEX IF NOT EXISTS quarantine_of_user ON quarantine (user, id);
`;

/** Opens the file and makes what it lacks. `maxPages` makes it full early, as a full disk would. */
export function openLogFile(file: string, maxPages?: number): DatabaseSync {
	const sql = new DatabaseSync(file);
	try {
		sql.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000;
			PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -8192;`);
		// A commit of a process that was killed may be in the file and not on the disk. What is read from here
		// on is acknowledged to who sends it again, so it is made durable first (S1).
		sql.exec('PRAGMA wal_checkpoint(TRUNCATE)');
		sql.exec(schema);
		for (const [column, declaration] of addedColumns) addColumn(sql, column, declaration);
		addChangeNumbers(sql);
		if (maxPages !== undefined) sql.exec(`PRAGMA max_page_count = ${maxPages}`);
		return sql;
	} catch (error) {
		sql.close();
		throw error;
	}
}

/** What `documents` of older logs lacks: the checksum of their head comes with the next append. */
const addedColumns = [
	['head_crc', 'INTEGER NOT NULL DEFAULT 0'],
	['least_writer', 'INTEGER NOT NULL DEFAULT 0'],
] as const;

function addColumn(sql: DatabaseSync, column: string, declaration: string): void {
	if (hasColumn(sql, column)) return;
	sql.exec(`ALTER TABLE documents ADD COLUMN ${column} ${declaration}`);
}

/**
 * Numbers over the whole log that say which document changed last (change-numbers.ts). In logs of before
 * there were any, the order in which documents were made stands for that of their changes.
 */
function addChangeNumbers(sql: DatabaseSync): void {
	// Nothing at all is written where they are there: what was read is durable (S1).
	if (sql.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'newest_change'`).get()) return;
	const isOld = !hasColumn(sql, 'changed');
	sql.exec(`BEGIN IMMEDIATE;
		${isOld ? 'ALTER TABLE documents ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;' : ''}
		${isOld ? 'UPDATE documents SET changed = id;' : ''}
		CREATE INDEX documents_by_change ON documents (substr(name, 1, instr(name, '/')), changed);
		CREATE TABLE newest_change (number INTEGER NOT NULL) STRICT;
		INSERT INTO newest_change SELECT coalesce(max(changed), 0) FROM documents;
		COMMIT;`);
}

function hasColumn(sql: DatabaseSync, column: string): boolean {
	return sql
		.prepare('PRAGMA table_info(documents)')
		.all()
		.some(({ name }) => name === column);
}
