import { existsSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { ReplicaTable } from '#shared/replica/rows.ts';
import { Connection } from '../../sqlite/connection.ts';
import { migrate } from './migrate.ts';

/** The tables' connection, and what the current transaction changed for the replicas. */
export class Database {
	readonly #connection: Connection;
	readonly #touched = new Set<string>();

	/** `open` opens the file, and again after the disk failed. */
	constructor(open: () => DatabaseSync) {
		this.#connection = new Connection(open);
	}

	/** Where the file lies; null in memory. */
	get location(): string | null {
		return this.#connection.location;
	}

	/** The prepared statement of a text. It is good within one transaction: the next one may have a new connection. */
	prepare(text: string): StatementSync {
		return this.#connection.prepare(text);
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

	/**
	 * Runs a piece of work as one transaction; a throw undoes all of it. Returns the projects it touched. After
	 * the disk failed, work that wants to write is run twice: once to find that out.
	 */
	transaction<T>(work: () => T): { readonly result: T; readonly touched: readonly string[] } {
		const result = this.#connection.transactionOrReading(() => {
			this.#touched.clear();
			return work();
		});
		return { result, touched: [...this.#touched] };
	}

	/** Opens the file anew where the disk failed; throws while it still does. */
	tryDisk(): void {
		this.#connection.mend();
	}

	close(): void {
		this.#connection.close();
	}
}

/** Opens the tables' file, every commit fsynced, with the migrations that it lacks. */
export function openDatabase(file: string): Database {
	return new Database(() => openFile(file));
}

function openFile(file: string): DatabaseSync {
	const isNew = !existsSync(file);
	const sql = new DatabaseSync(file);
	try {
		sql.exec(
			`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;
			PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;`,
		);
		// A commit of a process that was killed may be in the file and not on the disk. What is read from here on is
		// answered as known, so it is made durable first.
		sql.exec('PRAGMA wal_checkpoint(PASSIVE)');
		migrate(sql, file, isNew);
		return sql;
	} catch (error) {
		sql.close();
		throw error;
	}
}
