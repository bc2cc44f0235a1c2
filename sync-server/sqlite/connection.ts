import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Who else reads the file is waited for so long before a connection is begun anew. */
const readersMs = 200;
/** SQLITE_IOERR and SQLITE_READONLY. */
const ioError = 10;
const readOnly = 8;

/** A store's one connection, with the statements it has prepared; begun anew after the disk failed. */
export class Connection {
	readonly #open: () => DatabaseSync;
	readonly #statements = new Map<string, StatementSync>();
	#sql: DatabaseSync;
	/** A write or an fsync failed: which bytes are on disk is not known. */
	#isDoubtful = false;

	/** `open` opens the file, and again after the disk failed. */
	constructor(open: () => DatabaseSync) {
		this.#open = open;
		this.#sql = open();
	}

	/** Where the file lies; null in memory. */
	get location(): string | null {
		return this.#sql.location();
	}

	/** The prepared statement of a text; the same text gives the same statement. */
	prepare(text: string): StatementSync {
		const known = this.#statements.get(text);
		if (known) return known;
		const statement = this.#sql.prepare(text);
		this.#statements.set(text, statement);
		return statement;
	}

	/** All of it is on disk when this returns, or nothing of it when it throws, or nobody knows: after an fsync that failed. */
	transaction<T>(work: () => T): T {
		this.mend();
		this.#sql.exec('BEGIN IMMEDIATE');
		try {
			const result = work();
			this.#sql.exec('COMMIT');
			return result;
		} catch (error) {
			this.#isDoubtful ||= isDiskError(error);
			if (this.#sql.isTransaction) this.#sql.exec('ROLLBACK');
			throw error;
		}
	}

	/**
	 * The same; but while the disk is in doubt, work that only reads is answered from what was committed before,
	 * and the file is opened anew only for what wants to write.
	 */
	transactionOrReading<T>(work: () => T): T {
		if (!this.#isDoubtful) return this.transaction(work);
		try {
			return this.#reading(work);
		} catch (error) {
			if (!wantedToWrite(error)) throw error;
			return this.transaction(work);
		}
	}

	/**
	 * Opens the file anew where the disk failed; throws while it still does.
	 *
	 * An fsync that failed is told of once: the next one succeeds, though the kernel may have dropped what the
	 * first could not write. So nothing is written behind it before a fresh connection has put all that counts
	 * into the main file and cut off the rest. Reading goes on meanwhile, since this connection shows only what
	 * was committed before.
	 */
	mend(): void {
		if (!this.#isDoubtful) return;
		const fresh = this.#open();
		try {
			cutOffLog(fresh);
		} catch (error) {
			fresh.close();
			throw error;
		}
		this.#statements.clear();
		this.#sql.close();
		this.#sql = fresh;
		this.#isDoubtful = false;
	}

	close(): void {
		this.#statements.clear();
		this.#sql.close();
	}

	#reading<T>(work: () => T): T {
		this.#sql.exec('PRAGMA query_only = ON; BEGIN');
		try {
			return work();
		} finally {
			if (this.#sql.isTransaction) this.#sql.exec('ROLLBACK');
			this.#sql.exec('PRAGMA query_only = OFF');
		}
	}
}

/** Throws where somebody still reads from the write-ahead log: then it was not cut off. */
function cutOffLog(sql: DatabaseSync): void {
	const waits = sql.prepare('PRAGMA busy_timeout').get()!['timeout'] as number;
	sql.exec(`PRAGMA busy_timeout = ${readersMs}`);
	const { busy } = sql.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number };
	sql.exec(`PRAGMA busy_timeout = ${waits}`);
	if (busy === 0) return;
	const still = new Error('somebody reads what is to be mended');
	throw Object.assign(still, { errcode: ioError });
}

/** The low byte of an SQLite error says what kind it is of. */
function kindOf(error: unknown): number {
	return ((error as { errcode?: number }).errcode ?? 0) & 0xff;
}

/** Of any kind. A full disk is another error, and leaves no doubt. */
function isDiskError(error: unknown): boolean {
	return kindOf(error) === ioError;
}

function wantedToWrite(error: unknown): boolean {
	return kindOf(error) === readOnly;
}
