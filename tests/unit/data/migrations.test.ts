import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '#sync-server/tables/sqlite/database.ts';

const folder = new URL('../../../sync-server/tables/sqlite/migrations/', import.meta.url);

test('each migration has a number and a name of its own', () => {
	const files = readdirSync(folder);
	const [numbers, names] = [
		files.map((file) => /^(\d{3})-[a-z-]+\.sql$/.exec(file)?.[1]),
		files.map((file) => file.slice(4)),
	];
	expect(numbers).not.toContain(undefined);
	expect([new Set(numbers).size, new Set(names).size]).toEqual([files.length, files.length]);
});

test('a migration that was applied under another number is not applied again', () => {
	const home = mkdtempSync(join(tmpdir(), 'flywheel-migrations-'));
	onTestFinished(() => rmSync(home, { recursive: true }));
	const file = join(home, 'tables.db');
	const first = openDatabase(file);
	first.transaction(() =>
		first
			.prepare(`UPDATE migrations SET name = '004-summaries.sql' WHERE name LIKE '%-summaries.sql'`)
			.run(),
	);
	first.close();
	openDatabase(file).close();
	expect(readdirSync(home).filter((name) => name.includes('before'))).toEqual([]);
});
