import type { StatementSync } from 'node:sqlite';

const tables = ['updates', 'snapshots', 'owners', 'archive', 'bases', 'authors'];

/** Deletes everything of the documents whose names begin so. Runs inside the transaction of whoever calls. */
export function removeDocuments(prepare: (text: string) => StatementSync, prefix: string): void {
	const begins = (column: string): string => `substr(${column}, 1, length(?)) = ?`;
	for (const table of tables)
		prepare(
			`DELETE FROM ${table} WHERE document IN (SELECT id FROM documents WHERE ${begins('name')})`,
		).run(prefix, prefix);
	prepare(`DELETE FROM quarantine WHERE ${begins('document')}`).run(prefix, prefix);
	prepare(`DELETE FROM documents WHERE ${begins('name')}`).run(prefix, prefix);
}
