import type { Runner } from '../attempts.ts';
import { everyProject } from '../changes.ts';
import type { Database } from './database.ts';

/** An idle machine asks every second or so; its time is written down this often. */
const seenEveryMs = 10_000;

interface Known {
	readonly tags: string;
	readonly run: string | null;
	readonly lastSeenAt: string;
	readonly isAway: number;
}

/** The machines that ask for work, as the other nouns of this thread keep them up to date. */
export function runners(database: Database) {
	const changed = (id: string): void => database.changed(everyProject, 'runners', id);
	return {
		/** A machine asked for work: it is here, and idle. */
		seen({ id, name, tags }: Runner, at: string): void {
			const known = database
				.prepare(
					'SELECT tags, run, last_seen_at AS lastSeenAt, is_away AS isAway FROM runners WHERE id = ?',
				)
				.get(id) as Known | undefined;
			const text = JSON.stringify(tags);
			const isSame = known?.tags === text && known.run === null && known.isAway === 0;
			if (isSame && Date.parse(at) - Date.parse(known.lastSeenAt) < seenEveryMs) return;
			database
				.prepare(
					`INSERT INTO runners (id, name, tags, run, last_seen_at, is_away) VALUES (?, ?, ?, NULL, ?, 0)
					ON CONFLICT (id) DO UPDATE SET tags = excluded.tags, run = NULL, is_away = 0,
					last_seen_at = excluded.last_seen_at`,
				)
				.run(id, name, text, at);
			if (!isSame) changed(id);
		},
		busy(id: string, run: number): void {
			database.prepare('UPDATE runners SET run = ? WHERE id = ?').run(String(run), id);
			changed(id);
		},
		/** The machine that works on a run gave a sign of life. */
		alive(run: number, at: string): void {
			database
				.prepare('UPDATE runners SET last_seen_at = ?, is_away = 0 WHERE run = ?')
				.run(at, String(run));
		},
		free(run: number): void {
			for (const { id } of database
				.prepare('UPDATE runners SET run = NULL WHERE run = ? RETURNING id')
				.all(String(run)))
				changed(id as string);
		},
		/** Tells the replicas, once, about machines that were not heard of since then. */
		missSince(time: string): void {
			for (const { id } of database
				.prepare(
					'UPDATE runners SET is_away = 1 WHERE is_away = 0 AND last_seen_at < ? RETURNING id',
				)
				.all(time))
				changed(id as string);
		},
	};
}
