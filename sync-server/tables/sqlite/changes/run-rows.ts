import type { Quality, Row } from '#shared/replica/rows.ts';
import type { Json } from '#shared/numbers/canonical-json.ts';
import type { Database } from '../database.ts';
import { leads, readsCorpus, type RowReader } from './row-reader.ts';

type Texts<T extends 'runs' | 'snapshots', Parsed extends keyof Row<T>> = Omit<
	Row<T>,
	'id' | Parsed
> & {
	readonly [Key in Parsed]: string;
};

/** Everyone but labelers sees the runs. */
export function runRows(database: Database): RowReader<'runs'> {
	return {
		mayKnow: readsCorpus,
		ids: (viewer) =>
			readsCorpus(viewer)
				? database
						.prepare('SELECT id FROM runs WHERE project = ? ORDER BY id')
						.all(viewer.project)
						.map(({ id }) => String(id))
				: [],
		read({ project }, id) {
			const row = database
				.prepare(
					`SELECT project, name, state, cause, code_commit AS codeCommit, code_message AS codeMessage,
						data_name AS dataName, data_commit AS dataCommit, params, attempt, runner, by,
						created_at AS createdAt, started_at AS startedAt, ended_at AS endedAt, last, quality,
						model_branch AS modelBranch, model_commit AS modelCommit, predictions
					FROM runs WHERE project = ? AND id = ?`,
				)
				.get(project, Number(id)) as unknown as
				(Texts<'runs', 'params' | 'last'> & { readonly quality: string | null }) | undefined;
			if (!row) return undefined;
			return {
				...row,
				id,
				params: JSON.parse(row.params) as Record<string, Json>,
				last: JSON.parse(row.last) as Record<string, number>,
				quality: row.quality === null ? null : (JSON.parse(row.quality) as Quality),
			};
		},
	};
}

/** Everyone but labelers sees the snapshots. */
export function snapshotRows(database: Database): RowReader<'snapshots'> {
	return {
		mayKnow: readsCorpus,
		ids: (viewer) =>
			readsCorpus(viewer)
				? database
						.prepare('SELECT id FROM snapshots WHERE project = ? ORDER BY at, number')
						.all(viewer.project)
						.map(({ id }) => id as string)
				: [],
		read({ project }, id) {
			const row = database
				.prepare(
					`SELECT project, name, number, tag, message, at, by, counts, classes, changed
					FROM snapshots WHERE project = ? AND id = ?`,
				)
				.get(project, id) as unknown as
				Texts<'snapshots', 'counts' | 'classes' | 'changed'> | undefined;
			if (!row) return undefined;
			return {
				...row,
				id,
				counts: JSON.parse(row.counts) as Row<'snapshots'>['counts'],
				classes: JSON.parse(row.classes) as Row<'snapshots'>['classes'],
				changed: JSON.parse(row.changed) as Row<'snapshots'>['changed'],
			};
		},
	};
}

/** Leads see what was imported. */
export function importRows(database: Database): RowReader<'imports'> {
	return {
		mayKnow: leads,
		ids: (viewer) =>
			leads(viewer)
				? database
						.prepare('SELECT id FROM imports WHERE project = ? ORDER BY at, id')
						.all(viewer.project)
						.map(({ id }) => id as string)
				: [],
		read: ({ project }, id) =>
			database
				.prepare(
					`SELECT id, project, at, by, format, state, lines, items, answers, known, refused
					FROM imports WHERE project = ? AND id = ?`,
				)
				.get(project, id) as unknown as Row<'imports'> | undefined,
	};
}
