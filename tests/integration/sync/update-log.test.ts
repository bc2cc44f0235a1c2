import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, onTestFinished } from 'vitest';
import { MemoryDisk, openMemoryLog } from '#sync-server/log/memory-log.ts';
import { updateLogContract } from '../../contracts/sync/update-log.ts';
import { CommitFaults, openFaultyLog } from '../../support/faulty-disk.ts';

describe('the update log in memory', () => {
	updateLogContract(() => {
		const disk = new MemoryDisk();
		const faults = new CommitFaults();
		disk.fault = () => {
			const fault = faults.next();
			return fault && { error: new Error('disk I/O error'), keeps: fault.keeps };
		};
		return {
			faults,
			open: () => Promise.resolve(openMemoryLog(disk)),
			damage(document, seq) {
				const row = disk.documents.get(document)!.updates.find((update) => update.seq === seq)!;
				row.data[row.data.length >> 1]! ^= 1;
			},
			fill(isFull) {
				disk.failure = isFull ? new Error('database or disk is full') : undefined;
			},
		};
	});
});

describe('the update log in SQLite', () => {
	updateLogContract(() => {
		const folder = mkdtempSync(join(tmpdir(), 'update-log-'));
		onTestFinished(() => rmSync(folder, { recursive: true }));
		const file = join(folder, 'updates.sqlite');
		const faults = new CommitFaults();
		return {
			faults,
			// 2 MB of pages: an update of 4 MB meets a full disk, with SQLite's own SQLITE_FULL.
			open: () => openFaultyLog({ file, maxPages: 512 }, faults),
			damage(document, seq) {
				const sql = new DatabaseSync(file);
				sql
					.prepare(
						`UPDATE updates SET data = CAST(substr(data, 1, 4) || x'ff' || substr(data, 6) AS BLOB)
						WHERE seq = ? AND document = (SELECT id FROM documents WHERE name = ?)`,
					)
					.run(seq, document);
				sql.close();
			},
			fill: () => undefined,
		};
	});
});
