import type { StatementSync } from 'node:sqlite';
import type { ChangedDocument } from '../update-log.ts';

/**
 * Which document changed when, counted over the whole log. The newest number stands in a row of its own:
 * taken from the documents it would fall, and be given twice, when the newest of them is removed.
 */
export class ChangeNumbers {
	readonly #prepare: (text: string) => StatementSync;
	#newest: number;

	constructor(prepare: (text: string) => StatementSync) {
		this.#prepare = prepare;
		this.#newest = prepare('SELECT number FROM newest_change').get()!['number'] as number;
	}

	/** Gives each of the documents the next number; to be called within a transaction that wrote them. */
	give(documents: ReadonlySet<string>): void {
		for (const name of documents)
			this.#prepare('UPDATE documents SET changed = ? WHERE name = ?').run(++this.#newest, name);
		// After a transaction that is rolled back numbers are left out, which nobody minds.
		this.#prepare('UPDATE newest_change SET number = ?').run(this.#newest);
	}

	/** What changed after a number among documents whose names begin so, in the order of the changes. */
	after(among: readonly string[], number: number, limit: number): ChangedDocument[] {
		const found = among.flatMap((prefix) =>
			this.#prepare(
				`SELECT name, epoch, head, head_crc AS headCrc, changed FROM documents
				WHERE ${within(prefix)} AND changed > ?2 ORDER BY changed LIMIT ?3`,
			).all(prefix, number, limit),
		);
		return found
			.map((row) => ({
				name: row['name'] as string,
				cursor: {
					epoch: row['epoch'] as number,
					seq: row['head'] as number,
					check: row['headCrc'] as number,
				},
				change: row['changed'] as number,
			}))
			.sort((one, other) => one.change - other.change)
			.slice(0, limit);
	}

	/** The number of the last change among these; 0 where there is none. */
	last(among: readonly string[]): number {
		const numbers = among.map(
			(prefix) =>
				this.#prepare(`SELECT max(changed) AS last FROM documents WHERE ${within(prefix)}`).get(
					prefix,
				)!['last'] as number | null,
		);
		return numbers.reduce<number>((most, number) => Math.max(most, number ?? 0), 0);
	}
}

/** A first part of names has an index by change (log-schema.ts); what is longer names a few documents. */
function within(prefix: string): string {
	return prefix.indexOf('/') === prefix.length - 1
		? `substr(name, 1, instr(name, '/')) = ?1`
		: // "0" is the character after "/".
			`name > ?1 AND name < substr(?1, 1, length(?1) - 1) || '0'`;
}
