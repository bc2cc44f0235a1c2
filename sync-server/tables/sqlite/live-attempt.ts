import { CommandError } from '#shared/api/errors.ts';
import type { AttemptKey } from '../attempts.ts';
import type { Database } from './database.ts';
import { findLife, type RunLife } from './run-rows.ts';

/** The run of a live attempt. Throws `superseded` for one that is over or that another has followed. */
export function liveAttempt(database: Database, { run: id, attempt }: AttemptKey): RunLife {
	const run = findLife(database, id);
	const row = database
		.prepare('SELECT outcome FROM attempts WHERE run = ? AND attempt = ?')
		.get(Number(id), attempt);
	if (run?.attempt !== attempt || row?.['outcome'] !== null)
		throw new CommandError('superseded', `Attempt ${attempt} of run ${id} is over.`);
	return run;
}
