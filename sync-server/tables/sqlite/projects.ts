import { CommandError } from '#shared/api/errors.ts';
import { canonicalJson, type Json } from '#shared/numbers/canonical-json.ts';
import type { Schema } from '#shared/schema/schema.ts';
import type { Project, ProjectsTable } from '../projects.ts';
import type { Synchronous } from '../synchronous.ts';
import type { Database } from './database.ts';

const columns = `id, name, schema_version AS schemaVersion, reviews, is_sample AS isSample, item_key AS itemKey,
	revision, created_at AS createdAt, created_by AS createdBy`;

type Stored = Omit<Project, 'reviews' | 'isSample'> & { reviews: number; isSample: number };

function read(row: Stored): Project {
	return { ...row, reviews: row.reviews === 1, isSample: row.isSample === 1 };
}

/** Every table that holds rows of a project, for the deletion of a sample. */
const ofProject = [
	'schemas',
	'members',
	'items',
	'item_media',
	'class_counts',
	'imports',
	'invites',
	'batches',
	'batch_items',
	'submissions',
	'verdicts',
	'blobs',
	'snapshots',
	'pushes',
	'runs',
	'predictions',
];

/** Projects, their settings and the versions of their schema. */
export function projects(database: Database): Synchronous<ProjectsTable> {
	const find = (id: string): Project | undefined => {
		const row = database.prepare(`SELECT ${columns} FROM projects WHERE id = ?`).get(id);
		return row && read(row as unknown as Stored);
	};
	const schema = (project: string, version: number): Schema | undefined => {
		const row = database
			.prepare('SELECT schema FROM schemas WHERE project = ? AND version = ?')
			.get(project, version);
		return row && (JSON.parse(row['schema'] as string) as Schema);
	};
	const putSchema = (
		project: string,
		version: number,
		value: Schema,
		at: string,
		by: string,
	): void => {
		database
			.prepare('INSERT INTO schemas (project, version, schema, at, by) VALUES (?, ?, ?, ?, ?)')
			.run(project, version, canonicalJson(value as unknown as Json), at, by);
		database.changed(project, 'schemas', `${project}@${version}`);
	};
	return {
		create(project) {
			if (find(project.id))
				throw new CommandError('name_taken', `There is a project ${project.id} already.`);
			database
				.prepare(
					`INSERT INTO projects (id, name, schema_version, reviews, is_sample, item_key, created_at, created_by)
					VALUES (?, ?, 1, ?, ?, ?, ?, ?)`,
				)
				.run(
					project.id,
					project.name,
					Number(project.reviews),
					Number(project.isSample),
					project.itemKey,
					project.at,
					project.by,
				);
			putSchema(project.id, 1, project.schema, project.at, project.by);
			database
				.prepare(
					`INSERT INTO members (project, user, role, has_code, joined_at) VALUES (?, ?, 'owner', 1, ?)`,
				)
				.run(project.id, project.by, project.at);
			database.changed(project.id, 'projects', project.id, project.by);
		},
		find,
		listOf: (user) =>
			database
				.prepare(
					`SELECT ${columns} FROM projects WHERE id IN (SELECT project FROM members WHERE user = ?) ORDER BY name`,
				)
				.all(user)
				.map((row) => read(row as unknown as Stored)),
		list: () =>
			database
				.prepare(`SELECT ${columns} FROM projects ORDER BY id`)
				.all()
				.map((row) => read(row as unknown as Stored)),
		schema,
		addSchema({ project, schema: value, by, at }) {
			const present = find(project)!.schemaVersion;
			const same =
				canonicalJson(schema(project, present) as unknown as Json) ===
				canonicalJson(value as unknown as Json);
			if (same) return present;
			putSchema(project, present + 1, value, at, by);
			database
				.prepare('UPDATE projects SET schema_version = ? WHERE id = ?')
				.run(present + 1, project);
			database.changed(project, 'projects', project);
			return present + 1;
		},
		update({ project, name, reviews }) {
			const now = find(project)!;
			database
				.prepare('UPDATE projects SET name = ?, reviews = ? WHERE id = ?')
				.run(name ?? now.name, Number(reviews ?? now.reviews), project);
			database.changed(project, 'projects', project);
		},
		deleteSample(project) {
			if (!find(project)?.isSample)
				throw new CommandError(
					'forbidden',
					`${project} is not a sample project; only samples can be deleted here.`,
				);
			const runs = '(SELECT id FROM runs WHERE project = ?)';
			for (const table of ['attempts', 'log_chunks', 'metric_files', 'metric_chunks'])
				database.prepare(`DELETE FROM ${table} WHERE run IN ${runs}`).run(project);
			database
				.prepare(
					'DELETE FROM batch_members WHERE batch IN (SELECT id FROM batches WHERE project = ?)',
				)
				.run(project);
			for (const { user } of database
				.prepare('SELECT user FROM members WHERE project = ?')
				.all(project))
				database.changed(project, 'projects', project, user as string);
			for (const table of ofProject)
				database.prepare(`DELETE FROM ${table} WHERE project = ?`).run(project);
			database.prepare('DELETE FROM watermarks WHERE document LIKE ?').run(`${project}/%`);
			database.prepare('DELETE FROM projects WHERE id = ?').run(project);
		},
	};
}
