import type { OwedPush, PushesTable } from '../pushes.ts';
import type { Synchronous } from '../synchronous.ts';
import type { Database } from './database.ts';

/** Pushes of `train/*` that owe a run. */
export function pushes(database: Database): Synchronous<PushesTable> {
	return {
		add(list) {
			const insert = database.prepare(
				'INSERT OR IGNORE INTO pushes (id, project, ref, commit_id, by, at) VALUES (?, ?, ?, ?, ?, ?)',
			);
			for (const { id, project, ref, commit, by, at } of list)
				insert.run(id, project, ref, commit, by, at);
		},
		settle(id) {
			database.prepare('DELETE FROM pushes WHERE id = ?').run(id);
		},
		list: () =>
			database
				.prepare(
					'SELECT id, project, ref, commit_id AS "commit", by, at FROM pushes ORDER BY at, id',
				)
				.all()
				.map((row) => row as unknown as OwedPush),
	};
}
