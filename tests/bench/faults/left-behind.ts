import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { readDocument } from '#sync-server/log/compact-document.ts';
import { LogFile } from '#sync-server/log/sqlite/log-file.ts';
import { openLogFile } from '#sync-server/log/sqlite/log-schema.ts';

/** What the files of a server say that was killed. */
export interface LeftBehind {
	/** What is wrong with them, a line each. */
	readonly damaged: readonly string[];
	readonly documents: number;
	/** Up to where each document is folded into its snapshot. */
	readonly folded: ReadonlyMap<string, number>;
}

/** Looks at copies of the files, as the next start would find them: every document is read whole. */
export function inspectLeftBehind(dataFolder: string): LeftBehind {
	const folder = mkdtempSync(join(tmpdir(), 'left-behind-'));
	try {
		const damaged: string[] = [];
		for (const name of ['updates.db', 'tables.db']) {
			for (const ending of ['', '-wal'])
				if (existsSync(join(dataFolder, name + ending)))
					copyFileSync(join(dataFolder, name + ending), join(folder, name + ending));
			const said = integrityOf(join(folder, name));
			if (said !== 'ok') damaged.push(`${name}: ${said}`);
		}
		const log = new LogFile(() => openLogFile(join(folder, 'updates.db')));
		const names = log.documents();
		const folded = new Map<string, number>();
		for (const { name } of names) {
			try {
				const stored = log.read(name);
				readDocument(name, stored).destroy();
				folded.set(name, stored.snapshotSeq);
			} catch (error) {
				damaged.push((error as Error).message);
			}
		}
		log.close();
		return { damaged, documents: names.length, folded };
	} finally {
		rmSync(folder, { recursive: true });
	}
}

function integrityOf(file: string): string {
	const sql = new DatabaseSync(file);
	try {
		const [row] = sql.prepare('PRAGMA integrity_check(1)').all();
		return String(row?.['integrity_check']);
	} finally {
		sql.close();
	}
}

/** Up to where all documents of a running server are folded, as one number that only grows. */
export function foldedSoFar(dataFolder: string): number {
	const sql = new DatabaseSync(join(dataFolder, 'updates.db'), { readOnly: true });
	try {
		return Number(
			sql.prepare('SELECT sum(snapshot_seq) AS sum FROM documents').get()?.['sum'] ?? 0,
		);
	} finally {
		sql.close();
	}
}

/** Which of these submissions the tables of a running server do not hold. */
export function missingInTables(dataFolder: string, submissions: readonly string[]): string[] {
	const sql = new DatabaseSync(join(dataFolder, 'tables.db'), { readOnly: true });
	try {
		const find = sql.prepare('SELECT 1 FROM submissions WHERE id = ?');
		return submissions.filter((id) => find.get(id) === undefined);
	} finally {
		sql.close();
	}
}
