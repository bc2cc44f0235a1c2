import type { RunState } from '#shared/run/run-state.ts';
import type { AttemptKey, AttemptRow, AttemptsTable } from '../attempts.ts';
import type { Synchronous } from '../synchronous.ts';
import type { Database } from './database.ts';
import { liveAttempt } from './live-attempt.ts';
import { loseRun, moveRun } from './run-moves.ts';
import { findLife, findRun, type RunLife } from './run-rows.ts';
import { runners } from './runners.ts';

/** As text it comes behind every time. */
const endOfTime = '9';

/** Signs of life come with every piece of a log; they are written down this often. */
const beatEveryMs = 5000;

/** A machine that was silent for so long counts as away. */
const awayAfterMs = 90_000;

/** Attempts: who works on a run, since when, and how it ended. The rules of leases are here. */
export function attempts(database: Database): Synchronous<AttemptsTable> {
	const machines = runners(database);

	const live = (key: AttemptKey): RunLife => liveAttempt(database, key);
	const close = (run: number, attempt: number, outcome: string, at: string): void => {
		database
			.prepare(`UPDATE attempts SET outcome = ?, ended_at = ? WHERE run = ? AND attempt = ?`)
			.run(outcome, at, run, attempt);
		machines.free(run);
	};
	const stage = (run: RunLife, state: RunState): void => {
		database
			.prepare('UPDATE attempts SET stage = ? WHERE run = ? AND attempt = ?')
			.run(state, run.id, run.attempt);
	};

	const signOfLife = (key: AttemptKey, at: string): RunLife => {
		comeBack(database, key, at);
		const run = live(key);
		const { changes } = database
			.prepare(
				// Also where the last one is of a clock that was set back since.
				'UPDATE attempts SET heartbeat_at = ?1 WHERE run = ?2 AND attempt = ?3 AND (heartbeat_at < ?4 OR heartbeat_at > ?1)',
			)
			.run(at, run.id, run.attempt, new Date(Date.parse(at) - beatEveryMs).toISOString());
		if (changes > 0) machines.alive(run.id, at);
		return run;
	};

	return {
		claim({ runner, projects, tokenHash, at }) {
			machines.seen(runner, at);
			const waiting = database
				.prepare(`SELECT id, project, tags FROM runs WHERE state = 'queued' ORDER BY id`)
				.all() as unknown as { id: number; project: string; tags: string }[];
			const fitting = waiting.find(
				({ project, tags }) =>
					(projects === null || projects.includes(project)) &&
					(JSON.parse(tags) as string[]).every((tag) => runner.tags.includes(tag)),
			);
			if (!fitting) return undefined;
			const attempt = findLife(database, fitting.id)!.attempt + 1;
			database
				.prepare(
					`INSERT INTO attempts (run, attempt, token_hash, runner, stage, claimed_at, heartbeat_at)
					VALUES (?, ?, ?, ?, 'preparing', ?, ?)`,
				)
				.run(fitting.id, attempt, tokenHash, runner.id, at, at);
			database
				.prepare('UPDATE runs SET attempt = ?, runner = ? WHERE id = ?')
				.run(attempt, runner.name, fitting.id);
			moveRun(database, findLife(database, fitting.id)!, { kind: 'claimed' }, at);
			machines.busy(runner.id, fitting.id);
			if (attempt > 1) addHeading(database, fitting.id, attempt, runner.name);
			return { run: findRun(database, String(fitting.id))!, attempt };
		},
		byToken(tokenHash) {
			return database
				.prepare(
					`SELECT CAST(run AS TEXT) AS run, attempts.attempt, project FROM attempts
					JOIN runs ON runs.id = run WHERE token_hash = ?`,
				)
				.get(tokenHash) as (AttemptKey & { project: string }) | undefined;
		},
		alive(key, at) {
			signOfLife(key, at);
		},
		check(key) {
			live(key);
		},
		start(key, at) {
			const run = live(key);
			if (run.state === 'running') return;
			stage(run, moveRun(database, run, { kind: 'started' }, at));
			database
				.prepare('UPDATE attempts SET started_at = ? WHERE run = ? AND attempt = ?')
				.run(at, run.id, run.attempt);
			database
				.prepare('UPDATE runs SET started_at = coalesce(started_at, ?) WHERE id = ?')
				.run(at, run.id);
		},
		finishing(key, at) {
			const run = live(key);
			if (run.state !== 'finishing') stage(run, moveRun(database, run, { kind: 'finishing' }, at));
		},
		heartbeat(key, at) {
			const run = signOfLife(key, at);
			if (run.cancelWanted) return 'cancel';
			return isLate(database, run, at, 0) ? 'time_out' : 'continue';
		},
		setModel(key, { branch, commit, artifacts }) {
			const run = live(key);
			database
				.prepare('UPDATE runs SET model_branch = ?, model_commit = ?, artifacts = ? WHERE id = ?')
				.run(branch, commit, JSON.stringify(artifacts), run.id);
			database.changed(run.project, 'runs', String(run.id));
		},
		finish(key, finish, at) {
			const run = live(key);
			database
				.prepare(
					'UPDATE attempts SET exit_code = ?, signal = ?, failed_chunks = ? WHERE run = ? AND attempt = ?',
				)
				.run(finish.exitCode, finish.signal, finish.failedChunks, run.id, run.attempt);
			close(run.id, run.attempt, finish.outcome, at);
			switch (finish.outcome) {
				case 'handed_back':
					return loseRun(database, run, at);
				case 'failed':
					if (run.retriesLeft > 0 && !run.cancelWanted) {
						database
							.prepare('UPDATE runs SET retries_left = retries_left - 1 WHERE id = ?')
							.run(run.id);
						return moveRun(database, run, { kind: 'requeued' }, at);
					}
					return moveRun(database, run, { kind: 'failed' }, at, finish.cause ?? 'It failed.');
				case 'timed_out':
					return moveRun(database, run, { kind: 'timedOut' }, at, timeoutCause(run));
				case 'cancelled':
				case 'succeeded':
					return moveRun(database, run, { kind: finish.outcome }, at);
			}
		},
		handBack(token, keys, at) {
			for (const { run: id, attempt } of keys) {
				const row = database
					.prepare(
						'SELECT outcome FROM attempts WHERE run = ? AND attempt = ? AND substr(runner, 1, ?) = ?',
					)
					.get(Number(id), attempt, token.length + 1, `${token}/`);
				const run = findLife(database, id);
				if (!run || row?.['outcome'] !== null || run.attempt !== attempt) continue;
				close(run.id, attempt, 'handed_back', at);
				loseRun(database, run, at);
			}
		},
		release(key, at) {
			const run = live(key);
			close(run.id, run.attempt, 'handed_back', at);
			moveRun(database, run, { kind: 'lost', final: false }, at);
		},
		sweep({ now, silentSince, heardUntil = endOfTime, graceMs }) {
			const moved: string[] = [];
			const alive = database
				.prepare(
					'SELECT run, attempt, heartbeat_at AS heartbeatAt FROM attempts WHERE outcome IS NULL',
				)
				.all() as unknown as { run: number; attempt: number; heartbeatAt: string }[];
			for (const { run: id, attempt, heartbeatAt } of alive) {
				const run = findLife(database, id);
				if (!run) continue;
				if (isLate(database, run, now, graceMs)) {
					close(id, attempt, 'timed_out', now);
					moveRun(database, run, { kind: 'timedOut' }, now, timeoutCause(run));
				} else if (heartbeatAt < silentSince || heartbeatAt > heardUntil) {
					close(id, attempt, 'lost', now);
					loseRun(database, run, now);
				} else continue;
				moved.push(String(id));
			}
			machines.missSince(new Date(Date.parse(now) - awayAfterMs).toISOString());
			return moved;
		},
		list: (run) =>
			database
				.prepare(
					`SELECT attempt, runner, claimed_at AS claimedAt, started_at AS startedAt, ended_at AS endedAt, outcome,
					exit_code AS exitCode, signal, failed_chunks AS failedChunks, first_step AS firstStep
					FROM attempts WHERE run = ? ORDER BY attempt`,
				)
				.all(Number(run)) as unknown as AttemptRow[],
	};
}

/** Preparing and running have a time limit; bringing in what was made does not: parameters may be large. */
function isLate(database: Database, run: RunLife, now: string, graceMs: number): boolean {
	if (run.state !== 'preparing' && run.state !== 'running') return false;
	const row = database
		.prepare(
			'SELECT coalesce(started_at, claimed_at) AS since FROM attempts WHERE run = ? AND attempt = ?',
		)
		.get(run.id, run.attempt);
	return Date.parse(now) > Date.parse(row!['since'] as string) + run.timeoutMs + graceMs;
}

function timeoutCause(run: RunLife): string {
	return `It took longer than ${Math.round(run.timeoutMs / 1000)} s.`;
}

/** An attempt that was silent too long goes on where it was, if nobody has taken its run meanwhile. */
function comeBack(database: Database, { run: id, attempt }: AttemptKey, at: string): void {
	const run = findLife(database, id);
	if (run?.state !== 'queued' || run.attempt !== attempt) return;
	const row = database
		.prepare(
			`SELECT stage, runner FROM attempts WHERE run = ? AND attempt = ? AND outcome = 'lost'`,
		)
		.get(run.id, attempt) as { stage: RunState; runner: string } | undefined;
	if (!row) return;
	database
		.prepare(
			'UPDATE attempts SET outcome = NULL, ended_at = NULL, heartbeat_at = ? WHERE run = ? AND attempt = ?',
		)
		.run(at, run.id, attempt);
	database
		.prepare('UPDATE runs SET lost = lost - 1, state = ?, runner = ? WHERE id = ?')
		.run(row.stage, row.runner.slice(row.runner.indexOf('/') + 1), run.id);
	database.prepare('UPDATE runners SET run = ? WHERE id = ?').run(String(run.id), row.runner);
	database.changed(run.project, 'runs', String(run.id));
}

/** The line in a run's log above what a later attempt prints. */
function addHeading(database: Database, run: number, attempt: number, runner: string): void {
	const data = Buffer.from(`\n── attempt ${attempt}, on ${runner} ──\n`);
	database
		.prepare(
			'INSERT INTO log_chunks (run, attempt, sequence, start, size, data) VALUES (?, ?, 0, 0, ?, ?)',
		)
		.run(run, attempt, data.length, data);
}
