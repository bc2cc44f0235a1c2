import { CommandError } from '#shared/api/errors.ts';
import type { LateEntry } from '#shared/api/replies.ts';
import type { Answer } from '#shared/schema/answer.ts';
import type { SubmissionsTable } from '../submissions.ts';
import type { Synchronous } from '../synchronous.ts';
import type { Database } from './database.ts';
import { itemColumns, itemRow, type StoredItem } from './item-rows.ts';
import { restand } from './standing.ts';

interface StoredLate extends StoredItem {
	submission: string;
	batch: string;
	by: string;
	saidAt: string;
	said: string | null;
	isWithdrawn: number;
	decidedBy: string | null;
	decidedAt: string | null;
	reason: string | null;
}

/** Submissions that came after their batch was closed (S11): out of the corpus until a lead decides. */
export function lateSubmissions(
	database: Database,
): Pick<Synchronous<SubmissionsTable>, 'late' | 'decideLate'> {
	return {
		late({ project, batch, after, limit }) {
			const inBatch = batch === undefined ? '' : 'AND s.batch = ?';
			const where = `s.project = ? AND s.is_late = 1 ${inBatch}`;
			const values = [project, ...(batch === undefined ? [] : [batch])];
			const [afterTime, afterId] = after?.split('~', 2) ?? ['', ''];
			const rows = database
				.prepare(
					`SELECT ${itemColumns}, s.id AS submission, s.batch, s.by, s.at AS saidAt, s.answer AS said,
						s.is_withdrawn AS isWithdrawn, d.by AS decidedBy, d.at AS decidedAt, d.reason
					FROM submissions s JOIN items ON items.project = s.project AND items.id = s.item
					LEFT JOIN late_decisions d ON d.project = s.project AND d.submission = s.id
					WHERE ${where} AND (s.at, s.id) > (?, ?) ORDER BY s.at, s.id LIMIT ?`,
				)
				.all(...values, afterTime!, afterId ?? '', limit + 1) as unknown as StoredLate[];
			const { total } = database
				.prepare(`SELECT count(*) AS total FROM submissions s WHERE ${where}`)
				.get(...values) as { total: number };
			const late = rows.slice(0, limit);
			const last = late.at(-1);
			return {
				late: late.map(lateEntry),
				...(rows.length > limit && last ? { next: `${last.saidAt}~${last.submission}` } : {}),
				total,
			};
		},
		decideLate({ project, submission, isTaken, reason, by, at }) {
			const found = database
				.prepare(
					`SELECT s.item, s.batch, s.by, s.is_late AS isLate, d.is_taken AS wasTaken FROM submissions s
					LEFT JOIN late_decisions d ON d.project = s.project AND d.submission = s.id
					WHERE s.project = ? AND s.id = ? AND s.batch IS NOT NULL`,
				)
				.get(project, submission) as
				| { item: string; batch: string; by: string; isLate: number; wasTaken: number | null }
				| undefined;
			if (!found)
				throw new CommandError('not_found', `There is no submission ${submission} in ${project}.`);
			if (found.isLate === 0) {
				if (isTaken) return;
				throw new CommandError(
					'conflict',
					`The submission ${submission} is not late${found.wasTaken === 1 ? ' any more: it was taken in' : ''}.`,
				);
			}
			database
				.prepare(
					`UPDATE submissions SET is_late = ?, is_withdrawn = ? WHERE project = ? AND id = ?`,
				)
				.run(Number(!isTaken), Number(!isTaken), project, submission);
			database
				.prepare(
					`INSERT INTO late_decisions (project, submission, is_taken, by, at, reason) VALUES (?, ?, ?, ?, ?, ?)
					ON CONFLICT (project, submission) DO UPDATE SET is_taken = excluded.is_taken, by = excluded.by,
						at = excluded.at, reason = excluded.reason`,
				)
				.run(project, submission, Number(isTaken), by, at, reason ?? null);
			restand(database, project, [found.item]);
			database.changed(project, 'batches', found.batch);
			database.changed(project, 'figures', `${project}/${found.by}`);
		},
	};
}

function lateEntry(row: StoredLate): LateEntry {
	return {
		submission: row.submission,
		item: itemRow(row),
		batch: row.batch,
		by: row.by,
		at: row.saidAt,
		answer: row.said === null ? null : (JSON.parse(row.said) as Answer),
		setAside:
			row.isWithdrawn === 1 && row.decidedBy !== null
				? { by: row.decidedBy, at: row.decidedAt!, reason: row.reason }
				: null,
	};
}
