import type { Role } from '#shared/access/access.ts';
import type { Row } from '#shared/replica/rows.ts';
import type { Schema } from '#shared/schema/schema.ts';
import type { Database } from '../database.ts';
import { readsCorpus, userOf, type RowReader } from './row-reader.ts';

/** Every member sees the project, with their own role in it. */
export function projectRows(database: Database): RowReader<'projects'> {
	return {
		mayKnow: (viewer, id) => id === viewer.project,
		ids: (viewer) => [viewer.project],
		read(viewer, id) {
			const row = database
				.prepare(
					`SELECT id, name, schema_version AS schemaVersion, reviews, is_sample AS isSample, created_at AS createdAt
					FROM projects WHERE id = ?`,
				)
				.get(id) as unknown as
				| (Omit<Row<'projects'>, 'role' | 'hasCode' | 'reviews' | 'isSample'> & {
						reviews: number;
						isSample: number;
				  })
				| undefined;
			if (!row) return undefined;
			return {
				...row,
				role: viewer.role,
				hasCode: viewer.hasCode,
				reviews: row.reviews === 1,
				isSample: row.isSample === 1,
			};
		},
	};
}

/** Every member sees every version of the schema: old answers refer to old versions. */
export function schemaRows(database: Database): RowReader<'schemas'> {
	const idOf = (project: string, version: number): string => `${project}@${version}`;
	return {
		mayKnow: (viewer, id) => id.startsWith(`${viewer.project}@`),
		ids: ({ project }) =>
			database
				.prepare('SELECT version FROM schemas WHERE project = ? ORDER BY version')
				.all(project)
				.map(({ version }) => idOf(project, version as number)),
		read({ project }, id) {
			const version = Number(id.slice(project.length + 1));
			const row = database
				.prepare('SELECT schema, at, by FROM schemas WHERE project = ? AND version = ?')
				.get(project, version) as { schema: string; at: string; by: string } | undefined;
			if (!row) return undefined;
			return { ...row, id, project, version, schema: JSON.parse(row.schema) as Schema };
		},
	};
}

/** Everyone but labelers sees the members; a labeler sees their own row. */
export function memberRows(database: Database): RowReader<'members'> {
	return {
		mayKnow: (viewer, id) => readsCorpus(viewer) || userOf(viewer, id) === viewer.user,
		ids: (viewer) =>
			database
				.prepare('SELECT user FROM members WHERE project = ? ORDER BY joined_at, user')
				.all(viewer.project)
				.filter(({ user }) => readsCorpus(viewer) || user === viewer.user)
				.map(({ user }) => `${viewer.project}/${user as string}`),
		read(viewer, id) {
			const user = userOf(viewer, id);
			if (user === undefined) return undefined;
			const row = database
				.prepare(
					`SELECT members.role, members.has_code AS hasCode, members.joined_at AS joinedAt,
						coalesce(users.name, members.user) AS name
					FROM members LEFT JOIN users ON users.id = members.user WHERE project = ? AND user = ?`,
				)
				.get(viewer.project, user) as
				{ role: string; hasCode: number; joinedAt: string; name: string } | undefined;
			if (!row) return undefined;
			return {
				id,
				project: viewer.project,
				user,
				name: row.name,
				role: row.role as Role,
				hasCode: row.hasCode === 1,
				joinedAt: row.joinedAt,
			};
		},
	};
}
