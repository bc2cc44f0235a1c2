import { attemptRoutes } from './attempt-routes.ts';
import { predictionRoutes } from './prediction-routes.ts';
import type { Route } from './route.ts';
import type { RunDoors } from './run-doors.ts';
import { runRoutes } from './run-routes.ts';
import { runnerRoutes } from './runner-routes.ts';

/** Every route about training: for runners, for their attempts, and for people. */
export function trainingRoutes(doors: RunDoors): Route[] {
	return [
		...runnerRoutes(doors),
		...attemptRoutes(doors),
		...runRoutes(doors),
		...predictionRoutes(doors),
	];
}
