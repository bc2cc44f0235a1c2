import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** The log's one connection, with the statements it has prepared; begun anew after the disk failed. */
export class LogConnection {
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

	prepare(text: string): StatementSync {
		const known = this.#statements.get(text);
		if (known) return known;
		const statement = this.#sql.prepare(text);
		this.#statements.set(text, statement);
		return statement;
	}

	/** All of it is on disk when this returns, or nothing of it when it throws. */
	transaction<T>(work: () => T): T {
		if (this.#isDoubtful) this.#openAgain();
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

	close(): void {
		this.#statements.clear();
		this.#sql.close();
	}

	/**
	 * An fsync that failed is told of once: the next one succeeds, though the kernel may have dropped what the
	 * first could not write. So nothing is written behind it before a fresh connection has put all that counts
	 * into the main file and cut off the rest. Throws while the disk does not let it; reading goes on meanwhile,
	 * since this connection shows only what was committed before.
	 */
	#openAgain(): void {
		const fresh = this.#open();
		this.#statements.clear();
		this.#sql.close();
		this.#sql = fresh;
		this.#isDoubtful = false;
	}
}

/** SQLITE_IOERR, of any kind. A full disk is another error, and leaves no doubt. */
function isDiskError(error: unknown): boolean {
	return (((error as { errcode?: number }).errcode ?? 0) & 0xff) === 10;
}
