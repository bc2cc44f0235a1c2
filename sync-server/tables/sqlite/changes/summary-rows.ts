import type { Row } from '#shared/replica/rows.ts';
import type { Database } from '../database.ts';
import { readsCorpus, type RowReader } from './row-reader.ts';

type Counts = Pick<
	Row<'summaries'>,
	'items' | 'pool' | 'inBatches' | 'waiting' | 'returned' | 'toSettle' | 'corpus'
>;

/**
 * The counts of a project. Triggers keep them (005-summaries.sql), so that reading them costs the same at
 * a hundred items and at a million; only what changed since the last snapshot is counted here, in an index.
 */
export function summaryRows(database: Database): RowReader<'summaries'> {
	const classesOf = (project: string): Record<string, Record<string, number>> => {
		const classes: Record<string, Record<string, number>> = {};
		for (const { tool, option, n } of database
			.prepare(
				'SELECT tool, option, items AS n FROM class_counts WHERE project = ? AND items > 0 ORDER BY tool, option',
			)
			.all(project))
			(classes[tool as string] ??= {})[option as string] = n as number;
		return classes;
	};
	const sinceSnapshot = (project: string): number => {
		const newest = database
			.prepare(
				`SELECT revision FROM snapshots WHERE project = ? AND name = 'main' ORDER BY number DESC LIMIT 1`,
			)
			.get(project);
		const { n } = database
			.prepare(
				`SELECT count(*) AS n FROM items INDEXED BY items_answered
				WHERE project = ? AND revision > ? AND answer_source IS NOT NULL AND is_withdrawn = 0`,
			)
			.get(project, (newest?.['revision'] as number | undefined) ?? -1) as { n: number };
		return n;
	};
	return {
		mayKnow: (viewer, id) => readsCorpus(viewer) && id === viewer.project,
		ids: (viewer) => (readsCorpus(viewer) ? [viewer.project] : []),
		read({ project }) {
			const counts = database
				.prepare(
					`SELECT items, pool, in_batches AS inBatches, waiting, returned, to_settle AS toSettle, corpus
					FROM item_counts WHERE project = ?`,
				)
				.get(project) as unknown as Counts | undefined;
			if (!counts) return undefined;
			const { people } = database
				.prepare('SELECT count(*) AS people FROM members WHERE project = ?')
				.get(project) as { people: number };
			return {
				id: project,
				project,
				...counts,
				sinceSnapshot: sinceSnapshot(project),
				classes: classesOf(project),
				people,
			};
		},
	};
}
