import type { Caller } from '../http/caller.ts';
import type { Guard } from '../http/guard.ts';
import type { Route } from '../http/route.ts';
import type { Tables } from '../tables/tables.ts';
import { Announcer } from './announcer.ts';
import { attemptRoutes } from './attempt-routes.ts';
import { startSweeper } from './attempt-sweeper.ts';
import { predictionRoutes } from './prediction-routes.ts';
import type { RunDependencies } from './run-dependencies.ts';
import type { RunRepository } from './run-repository.ts';
import { runRoutes } from './run-routes.ts';
import { runnerRoutes } from './runner-routes.ts';
import { onTrainPush, type TrainPush } from './train-push.ts';
import { WorkSignal } from './work-signal.ts';

export interface RunsOptions {
	readonly tables: Tables;
	readonly guard: Guard;
	readonly repository: RunRepository;
	/** Tells pages that look at a run that its metrics or log grew. */
	readonly hint: (run: string) => void;
	/** Public address of the server. */
	readonly url: string;
	/** Runners of this person take the runs of every project. */
	readonly operator?: string;
	readonly onFault: (error: unknown) => void;
	readonly now?: () => Date;
}

export interface Runs {
	readonly routes: readonly Route[];
	/** Makes the runs of a push of `train/*`. Harmless to do again. */
	onTrainPush(push: TrainPush): Promise<void>;
	/** Who bears an attempt's token (its SHA-256); an attempt that is over is still known, to be told so. */
	attemptOf(tokenHash: string): Promise<Extract<Caller, { kind: 'attempt' }> | undefined>;
	/** Answers waiting runners and stops the clock. */
	close(): void;
}

/** Everything about runs that the server does by itself and for others. */
export function openRuns(options: RunsOptions): Runs {
	const { tables, guard, repository, hint, onFault } = options;
	const now = options.now ?? (() => new Date());
	const announcer = new Announcer({ tables, hint, onFault });
	const work = new WorkSignal();
	const deps: RunDependencies = {
		tables,
		guard,
		repository,
		announcer,
		work,
		url: options.url,
		operator: options.operator,
		now,
	};
	const stopSweeper = startSweeper({ tables, work, now, hint, onFault });
	return {
		routes: [
			...runnerRoutes(deps),
			...attemptRoutes(deps),
			...runRoutes(deps),
			...predictionRoutes(deps),
		],
		onTrainPush: (push) => onTrainPush(deps, push),
		async attemptOf(tokenHash) {
			const found = await tables.attempts.byToken(tokenHash);
			if (!found) return undefined;
			const { run, attempt, project } = found;
			return { kind: 'attempt', run, attempt, project };
		},
		close() {
			stopSweeper();
			announcer.close();
			work.raise();
		},
	};
}
