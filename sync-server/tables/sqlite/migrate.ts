import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

const migrationsFolder = new URL('./migrations/', import.meta.url);

/** A migration is known by its name; the number before it only says when its turn is. */
const nameOf = (file: string): string => file.replace(/^\d+-/, '');

/** Applies the migrations that a file lacks in one transaction, after a copy of one that has data was kept beside it. */
export function migrate(sql: DatabaseSync, file: string, isNew: boolean): void {
	sql.exec(
		'CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT',
	);
	const applied = new Set(
		sql
			.prepare('SELECT name FROM migrations')
			.all()
			.map((row) => nameOf(row['name'] as string)),
	);
	const missing = readdirSync(migrationsFolder)
		.filter((name) => name.endsWith('.sql') && !applied.has(nameOf(name)))
		.sort();
	if (missing.length === 0) return;
	if (!isNew) {
		sql.exec('PRAGMA wal_checkpoint(TRUNCATE)');
		copyFileSync(file, `${file}.before-${missing[0]!.replace('.sql', '')}`);
	}
	sql.exec('BEGIN IMMEDIATE');
	for (const name of missing) {
		sql.exec(readFileSync(new URL(name, migrationsFolder), 'utf8'));
		sql.prepare('INSERT INTO migrations VALUES (?, ?)').run(name, new Date().toISOString());
	}
	sql.exec('COMMIT');
}
