import type { Database } from '../database.ts';
import { readsCorpus, type RowReader } from './row-reader.ts';

/** A runner that was silent for so long is away; it claims or beats at least every 60 seconds. */
const awayAfterMs = 90_000;

/** Machines are shared by all projects: everyone but labelers sees them. */
export function runnerRows(database: Database): RowReader<'runners'> {
	return {
		mayKnow: readsCorpus,
		ids: (viewer) =>
			readsCorpus(viewer)
				? database
						.prepare('SELECT id FROM runners ORDER BY id')
						.all()
						.map(({ id }) => id as string)
				: [],
		read(_, id) {
			const row = database
				.prepare('SELECT name, tags, run, last_seen_at AS lastSeenAt FROM runners WHERE id = ?')
				.get(id) as
				{ name: string; tags: string; run: string | null; lastSeenAt: string } | undefined;
			if (!row) return undefined;
			const isAway = Date.now() - Date.parse(row.lastSeenAt) > awayAfterMs;
			return {
				id,
				name: row.name,
				tags: JSON.parse(row.tags) as string[],
				state: isAway ? 'away' : row.run === null ? 'idle' : 'busy',
				run: row.run,
				lastSeenAt: row.lastSeenAt,
			};
		},
	};
}
