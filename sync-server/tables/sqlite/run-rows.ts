import type { Json } from '#shared/numbers/canonical-json.ts';
import type { Quality } from '#shared/replica/rows.ts';
import type { RunState } from '#shared/run/run-state.ts';
import type { RunSpec } from '#shared/run/spec.ts';
import type { Run } from '../runs.ts';
import type { Database } from './database.ts';

const columns = `CAST(id AS TEXT) AS id, project, name, state, cause, code_commit AS codeCommit,
	code_message AS codeMessage, data_name AS dataName, data_commit AS dataCommit, spec, params, attempt, runner, by,
	created_at AS createdAt, started_at AS startedAt, ended_at AS endedAt, last, quality,
	model_branch AS modelBranch, model_commit AS modelCommit, predictions`;

type Stored = Omit<Run, 'params' | 'last' | 'quality' | 'spec'> & {
	params: string;
	last: string;
	quality: string | null;
	spec: string;
};

/** A run as it is stored, parsed. */
function readRun(row: unknown): Run {
	const stored = row as Stored;
	return {
		...stored,
		spec: JSON.parse(stored.spec) as RunSpec,
		params: JSON.parse(stored.params) as Record<string, Json>,
		last: JSON.parse(stored.last) as Record<string, number>,
		quality: stored.quality === null ? null : (JSON.parse(stored.quality) as Quality),
	};
}

export function findRun(database: Database, id: string): Run | undefined {
	const row = database.prepare(`SELECT ${columns} FROM runs WHERE id = ?`).get(Number(id));
	return row && readRun(row);
}

export function listRuns(
	database: Database,
	project: string,
	before: number,
	limit: number,
): Run[] {
	return database
		.prepare(`SELECT ${columns} FROM runs WHERE project = ? AND id < ? ORDER BY id DESC LIMIT ?`)
		.all(project, before, limit)
		.map(readRun);
}

/** What the rules about a run's life look at. */
export interface RunLife {
	readonly id: number;
	readonly project: string;
	readonly state: RunState;
	readonly attempt: number;
	readonly lost: number;
	readonly retriesLeft: number;
	readonly cancelWanted: number;
	readonly timeoutMs: number;
}

export function findLife(database: Database, id: string | number): RunLife | undefined {
	const row = database
		.prepare(
			`SELECT id, project, state, attempt, lost, retries_left AS retriesLeft, cancel_wanted AS cancelWanted,
			timeout_ms AS timeoutMs FROM runs WHERE id = ?`,
		)
		.get(Number(id));
	return row as unknown as RunLife | undefined;
}
