import type { Tables } from '../tables/tables.ts';
import type { Announcer } from './announcer.ts';
import type { RunRepository } from './run-repository.ts';
import type { WorkSignal } from './work-signal.ts';

/** What everything about runs is given. */
export interface RunDependencies {
	readonly tables: Tables;
	readonly repository: RunRepository;
	readonly announcer: Announcer;
	readonly work: WorkSignal;
	/** Public address of the server, without a slash at the end. */
	readonly url: string;
	/** Runners of this person take the runs of every project: it is their machine the server runs on. */
	readonly operator: string | undefined;
	readonly now: () => Date;
}
