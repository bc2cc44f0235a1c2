import { may } from '#shared/access/access.ts';
import type { Database } from '../database.ts';
import { userOf, type RowReader, type Viewer } from './row-reader.ts';

const readsAll = (viewer: Viewer): boolean => may(viewer.role, 'review');

/**
 * Who did how much, counted from what people submitted themselves (imports do not count). The sums read
 * one covering index, so that a person with tens of thousands of answers costs a few milliseconds.
 */
export function figureRows(database: Database): RowReader<'figures'> {
	return {
		mayKnow: (viewer, id) => readsAll(viewer) || userOf(viewer, id) === viewer.user,
		ids: (viewer) =>
			database
				.prepare('SELECT user FROM members WHERE project = ? ORDER BY user')
				.all(viewer.project)
				.filter(({ user }) => readsAll(viewer) || user === viewer.user)
				.map(({ user }) => `${viewer.project}/${user as string}`),
		read(viewer, id) {
			const user = userOf(viewer, id);
			if (user === undefined) return undefined;
			const sums = database
				.prepare(
					`SELECT count(*) AS submitted, coalesce(sum(spent_ms), 0) AS spentMs, max(at) AS lastAt
					FROM submissions INDEXED BY submissions_of_people
					WHERE project = ? AND by = ? AND source = 'human'`,
				)
				.get(viewer.project, user) as {
				submitted: number;
				spentMs: number;
				lastAt: string | null;
			};
			const { skipped } = database
				.prepare(
					`SELECT count(*) AS skipped FROM submissions INDEXED BY submissions_skipped
					WHERE project = ? AND by = ? AND source = 'human' AND answer IS NULL`,
				)
				.get(viewer.project, user) as { skipped: number };
			const verdicts = { accepted: 0, returned: 0 };
			for (const { kind, n } of database
				.prepare(
					`SELECT kind, count(*) AS n FROM (
						SELECT verdicts.kind, max(verdicts.at) FROM submissions INDEXED BY submissions_of_people
						CROSS JOIN verdicts ON verdicts.project = submissions.project AND verdicts.submission = submissions.id
							AND verdicts.batch = submissions.batch
						WHERE submissions.project = ? AND submissions.by = ? AND submissions.source = 'human'
						GROUP BY submissions.id) GROUP BY kind`,
				)
				.all(viewer.project, user))
				verdicts[kind as keyof typeof verdicts] = n as number;
			return { id, project: viewer.project, user, ...sums, skipped, ...verdicts };
		},
	};
}
