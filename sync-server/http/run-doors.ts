import type { RunDependencies } from '../runs/run-dependencies.ts';
import type { Guard } from '../accounts/guard.ts';

/** What the routes about runs are given. */
export interface RunDoors extends RunDependencies {
	readonly guard: Guard;
}
