import { CommandError } from '#shared/api/errors.ts';
import { isEnded } from '#shared/run/run-state.ts';
import type { Artifact, NewRun, RunsTable } from '../runs.ts';
import type { Synchronous } from '../synchronous.ts';
import type { Database } from './database.ts';
import { moveRun } from './run-moves.ts';
import { findLife, findRun, listRuns } from './run-rows.ts';

/** Runs: what was pushed, with which data, and how it went. */
export function runs(database: Database): Synchronous<RunsTable> {
	const insert = (run: NewRun): { id: string; isNew: boolean } => {
		const known = database
			.prepare('SELECT id FROM runs WHERE project = ? AND origin = ?')
			.get(run.project, run.origin);
		if (known) return { id: String(known['id']), isNew: false };
		const { lastInsertRowid } = database
			.prepare(
				`INSERT INTO runs (project, name, state, code_commit, code_message, data_name, data_commit, spec, params,
				tags, timeout_ms, retries_left, by, created_at, origin)
				VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			)
			.run(
				run.project,
				run.name,
				run.codeCommit,
				run.codeMessage,
				run.dataName,
				run.dataCommit,
				JSON.stringify(run.spec),
				JSON.stringify(run.params),
				JSON.stringify(run.spec.needs.tags),
				run.spec.needs.timeoutMs,
				run.spec.needs.retries,
				run.by,
				run.at,
				run.origin,
			);
		const id = String(lastInsertRowid);
		database.changed(run.project, 'runs', id);
		return { id, isNew: true };
	};
	const need = (id: string) => {
		const run = findLife(database, id);
		if (!run) throw new CommandError('not_found', `There is no run ${id}.`);
		return run;
	};
	return {
		create: (list) => list.map(insert),
		find: (id) => findRun(database, id),
		artifacts: (id) =>
			JSON.parse(
				(database.prepare('SELECT artifacts FROM runs WHERE id = ?').get(Number(id))?.[
					'artifacts'
				] ?? '[]') as string,
			) as Artifact[],
		list: ({ project, before, limit }) =>
			listRuns(database, project, before ? Number(before) : Number.MAX_SAFE_INTEGER, limit),
		cancel(id, at) {
			const run = need(id);
			if (isEnded(run.state))
				throw new CommandError('run_ended', `Run ${id} has ended already (${run.state}).`);
			if (run.state === 'queued') moveRun(database, run, { kind: 'cancelled' }, at);
			else database.prepare('UPDATE runs SET cancel_wanted = 1 WHERE id = ?').run(run.id);
		},
		retry(id, by, at) {
			const run = findRun(database, id);
			if (!run) throw new CommandError('not_found', `There is no run ${id}.`);
			if (!isEnded(run.state))
				throw new CommandError('conflict', `Run ${id} has not ended yet (${run.state}).`);
			const retries = database
				.prepare(`SELECT count(*) AS n FROM runs WHERE project = ? AND origin LIKE ?`)
				.get(run.project, `retry ${id} %`)!;
			return insert({ ...run, by, at, origin: `retry ${id} ${Number(retries['n']) + 1}` }).id;
		},
		setQuality(id, quality) {
			const run = need(id);
			database
				.prepare('UPDATE runs SET quality = ? WHERE id = ?')
				.run(quality && JSON.stringify(quality), run.id);
			database.changed(run.project, 'runs', id);
		},
		announce(id) {
			const run = findLife(database, id);
			if (run) database.changed(run.project, 'runs', id);
		},
		counts: () =>
			Object.fromEntries(
				database
					.prepare('SELECT state, count(*) AS n FROM runs GROUP BY state')
					.all()
					.map((row) => [row['state'] as string, row['n'] as number]),
			),
	};
}
