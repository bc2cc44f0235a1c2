import type { StatementSync } from 'node:sqlite';
import { quarantineLimits, type QuarantinedUpdate } from '../update-log.ts';

/** Refused bytes, kept for whoever looks into them. Runs inside the transactions of whoever calls. */
export class QuarantineRows {
	readonly #prepare: (text: string) => StatementSync;

	constructor(prepare: (text: string) => StatementSync) {
		this.#prepare = prepare;
	}

	/** Keeps refused bytes; the oldest of the same user go when it is too much. */
	put({ document, user, at, reason, data }: QuarantinedUpdate): void {
		this.#prepare(
			'INSERT INTO quarantine (document, user, at, reason, data) VALUES (?, ?, ?, ?, ?)',
		).run(document, user, at, reason, data.subarray(0, quarantineLimits.bytesEach));
		this.#prepare(
			`DELETE FROM quarantine WHERE document = ?1 AND user = ?2 AND id NOT IN
			(SELECT id FROM quarantine WHERE document = ?1 AND user = ?2 ORDER BY id DESC LIMIT ?3)`,
		).run(document, user, quarantineLimits.rows);
		// Or who is in many batches could fill the disk.
		this.#prepare(
			`DELETE FROM quarantine WHERE user = ?1 AND id NOT IN
			(SELECT id FROM quarantine WHERE user = ?1 ORDER BY id DESC LIMIT ?2)`,
		).run(user, quarantineLimits.rowsOfUser);
	}

	of(document: string): QuarantinedUpdate[] {
		return this.#prepare(
			'SELECT document, user, at, reason, data FROM quarantine WHERE document = ? ORDER BY id',
		).all(document) as unknown as QuarantinedUpdate[];
	}
}
