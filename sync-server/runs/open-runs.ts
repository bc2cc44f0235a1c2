import type { TrainPush } from '../git/pushes.ts';
import type { Tables } from '../tables/tables.ts';
import { Announcer } from './announcer.ts';
import { startSweeper } from './attempt-sweeper.ts';
import type { RunDependencies } from './run-dependencies.ts';
import type { RunRepository } from './run-repository.ts';
import { onTrainPush } from './train-push.ts';
import { WorkSignal } from './work-signal.ts';

export interface RunsOptions {
	readonly tables: Tables;
	readonly repository: RunRepository;
	/** Tells pages that look at a run that its metrics or log grew. */
	readonly hint: (run: string) => void;
	/** Public address of the server. */
	readonly url: string;
	/** Runners of this person take the runs of every project. */
	readonly operator?: string;
	readonly onFault: (error: unknown) => void;
	readonly now?: () => Date;
	/** Milliseconds that pass, whatever the clock is set to; tests hold it. */
	readonly elapsed?: () => number;
}

export interface Runs extends RunDependencies {
	/** Makes the runs of a push of `train/*`. Harmless to do again. */
	onTrainPush(push: TrainPush): Promise<void>;
	/** Whose an attempt's token is (by its SHA-256); an attempt that is over is still known, to be told so. */
	attemptOf(
		tokenHash: string,
	): Promise<
		{ readonly run: string; readonly attempt: number; readonly project: string } | undefined
	>;
	/** Answers waiting runners and stops the clock. */
	close(): void;
}

/** What the server does about runs: makes them of pushes, keeps their clock, wakes who waits for them. */
export function openRuns(options: RunsOptions): Runs {
	const { tables, repository, hint, onFault, url } = options;
	const now = options.now ?? (() => new Date());
	const announcer = new Announcer({ tables, hint, onFault });
	const work = new WorkSignal();
	const operator = options.operator;
	const dependencies: RunDependencies = { tables, repository, announcer, work, url, operator, now };
	const elapsed = options.elapsed ?? (() => performance.now());
	const stopSweeper = startSweeper({ tables, work, now, elapsed, hint, onFault });
	return {
		...dependencies,
		onTrainPush: (push) => onTrainPush(dependencies, push),
		async attemptOf(tokenHash) {
			const found = await tables.attempts.byToken(tokenHash);
			if (!found) return undefined;
			const { run, attempt, project } = found;
			return { run, attempt, project };
		},
		close() {
			stopSweeper();
			announcer.close();
			work.raise();
		},
	};
}
