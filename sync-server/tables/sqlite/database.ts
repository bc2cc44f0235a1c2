import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { ReplicaTable } from '#shared/replica/rows.ts';

/** One SQLite file, its prepared statements, and what the current transaction changed for the replicas. */
export class Database {
	readonly sql: DatabaseSync;
	readonly #statements = new Map<string, StatementSync>();
	readonly #touched = new Set<string>();

	constructor(sql: DatabaseSync) {
		this.sql = sql;
	}

	/** The prepared statement of a text; the same text gives the same statement. */
	prepare(text: string): StatementSync {
		const known = this.#statements.get(text);
		if (known) return known;
		const statement = this.sql.prepare(text);
		this.#statements.set(text, statement);
		return statement;
	}

	/**
	 * Records that a row of the replica changed, in the same transaction as the change itself. With an
	 * audience only that person is concerned: their rights in the project changed.
	 */
	changed(project: string, table: ReplicaTable, id: string, audience?: string): void {
		this.prepare('INSERT INTO changes (project, tbl, row, audience) VALUES (?, ?, ?, ?)').run(
			project,
			table,
			id,
			audience ?? null,
		);
		this.#touched.add(project);
	}

	/** Runs a piece of work as one transaction; a throw undoes all of it. Returns the projects it touched. */
	transaction<T>(work: () => T): { readonly result: T; readonly touched: readonly string[] } {
		this.#touched.clear();
		this.sql.exec('BEGIN IMMEDIATE');
		try {
			const result = work();
			this.sql.exec('COMMIT');
			return { result, touched: [...this.#touched] };
		} catch (error) {
			if (this.sql.isTransaction) this.sql.exec('ROLLBACK');
			throw error;
		}
	}

	close(): void {
		this.#statements.clear();
		this.sql.close();
	}
}

const migrationsFolder = new URL('./migrations/', import.meta.url);

/** A migration is known by its name; the number before it only says when its turn is. */
const nameOf = (file: string): string => file.replace(/^\d+-/, '');

/**
 * Opens the tables' file: WAL, every commit fsynced. Migrations that it lacks are applied in one
 * transaction, after a copy of the file was kept beside it.
 */
export function openDatabase(file: string): Database {
	const isNew = !existsSync(file);
	const sql = new DatabaseSync(file);
	sql.exec(
		`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;
		PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;`,
	);
	// A commit of a process that was killed may be in the file and not on the disk. What is read from here on is
	// answered as known, so it is made durable first.
	sql.exec('PRAGMA wal_checkpoint(PASSIVE)');
	sql.exec(
		'CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT',
	);
	const database = new Database(sql);
	const applied = new Set(
		sql
			.prepare('SELECT name FROM migrations')
			.all()
			.map((row) => nameOf(row['name'] as string)),
	);
	const missing = readdirSync(migrationsFolder)
		.filter((name) => name.endsWith('.sql') && !applied.has(nameOf(name)))
		.sort();
	if (missing.length === 0) return database;
	if (!isNew) {
		sql.exec('PRAGMA wal_checkpoint(TRUNCATE)');
		copyFileSync(file, `${file}.before-${missing[0]!.replace('.sql', '')}`);
	}
	database.transaction(() => {
		for (const name of missing) {
			sql.exec(readFileSync(new URL(name, migrationsFolder), 'utf8'));
			sql.prepare('INSERT INTO migrations VALUES (?, ?)').run(name, new Date().toISOString());
		}
	});
	return database;
}
