import { CommandError } from '#shared/api/errors.ts';
import { isEnded, nextRunState, type RunEvent, type RunState } from '#shared/run/run-state.ts';
import type { Database } from './database.ts';
import type { RunLife } from './run-rows.ts';

/** A run may be lost this often before it counts as failed: a command that takes its machine down must end. */
const lossesAllowed = 3;

/**
 * Moves a run along its life and tells the replicas. Throws `conflict` for an event that its state does not
 * know: a runner that skips a step is told so.
 */
export function moveRun(
	database: Database,
	run: RunLife,
	event: RunEvent,
	at: string,
	cause: string | null = null,
): RunState {
	const state = nextRunState(run.state, event);
	if (!state)
		throw new CommandError(
			'conflict',
			`Run ${run.id} cannot be ${event.kind}: it is ${run.state}.`,
		);
	const isOver = isEnded(state);
	database
		.prepare(
			`UPDATE runs SET state = ?, cause = ?, ended_at = ?, runner = CASE WHEN ? THEN NULL ELSE runner END WHERE id = ?`,
		)
		.run(state, cause, isOver ? at : null, Number(state === 'queued'), run.id);
	database.changed(run.project, 'runs', String(run.id));
	return state;
}

/** What becomes of a run whose live attempt is gone without a word: tried again, a few times. */
export function loseRun(database: Database, run: RunLife, at: string): RunState {
	if (run.cancelWanted) return moveRun(database, run, { kind: 'cancelled' }, at);
	const isFinal = run.lost >= lossesAllowed;
	database.prepare('UPDATE runs SET lost = lost + 1 WHERE id = ?').run(run.id);
	return moveRun(
		database,
		run,
		{ kind: 'lost', final: isFinal },
		at,
		isFinal ? `Its runner was lost ${run.lost + 1} times.` : null,
	);
}
