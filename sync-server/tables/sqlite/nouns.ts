import type { Synchronous } from '../synchronous.ts';
import type { TableNouns } from '../tables.ts';
import type { Database } from './database.ts';
import { attempts } from './attempts.ts';
import { metrics } from './metrics.ts';
import { predictions } from './predictions.ts';
import { runs } from './runs.ts';
import { accounts } from './accounts.ts';
import { invites } from './invites.ts';
import { settings } from './settings.ts';
import { tokens } from './tokens.ts';
import { batches } from './batches.ts';
import { blobs } from './blobs.ts';
import { imports } from './imports.ts';
import { items } from './items.ts';
import { submissions } from './submissions.ts';
import { changes } from './changes.ts';
import { members } from './members.ts';
import { projects } from './projects.ts';
import { pushes } from './pushes.ts';
import { snapshots } from './snapshots.ts';

/** All nouns over one database, as they run inside its thread. */
export function nounsOf(database: Database): {
	readonly [Noun in keyof TableNouns]: Synchronous<TableNouns[Noun]>;
} {
	return {
		runs: runs(database),
		predictions: predictions(database),
		metrics: metrics(database),
		attempts: attempts(database),
		batches: batches(database),
		blobs: blobs(database),
		imports: imports(database),
		items: items(database),
		submissions: submissions(database),
		tokens: tokens(database),
		settings: settings(database),
		invites: invites(database),
		accounts: accounts(database),
		changes: changes(database),
		members: members(database),
		projects: projects(database),
		pushes: pushes(database),
		snapshots: snapshots(database),
	};
}
