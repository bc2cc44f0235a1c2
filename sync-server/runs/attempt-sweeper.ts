import { leaseMs } from '#shared/api/runner-protocol.ts';
import type { Tables } from '../tables/tables.ts';
import { ListeningClock } from './listening-clock.ts';
import type { WorkSignal } from './work-signal.ts';

/** A runner has this long after a timeout to stop the command and say so itself. */
const reportGraceMs = 30_000;

export interface SweeperOptions {
	readonly tables: Pick<Tables, 'attempts'>;
	readonly work: WorkSignal;
	readonly now: () => Date;
	/** Milliseconds that pass, whatever the clock is set to. */
	readonly elapsed: () => number;
	readonly hint: (run: string) => void;
	readonly onFault: (error: unknown) => void;
}

/**
 * Looks every second for attempts that time has ended. A server that was down hears no heartbeats, nor does
 * one that slept, and one whose clock was set compares times of two clocks: until one lease after any of these
 * nobody counts as silent. Returns what stops it.
 */
export function startSweeper(options: SweeperOptions): () => void {
	const clock = new ListeningClock(options);
	let isBusy = false;
	let isStopped = false;
	const timer = setInterval(() => {
		if (isBusy) return;
		isBusy = true;
		sweepAttempts(options, clock)
			.catch((error: unknown) => {
				// A look that was under way when the tables closed is no fault.
				if (!isStopped) options.onFault(error);
			})
			.finally(() => {
				isBusy = false;
			});
	}, 1000);
	return () => {
		isStopped = true;
		clearInterval(timer);
	};
}

/** One look. */
async function sweepAttempts(
	{ tables, work, hint }: Omit<SweeperOptions, 'onFault'>,
	clock: ListeningClock,
): Promise<void> {
	const { now, isFresh, aheadMs } = clock.look();
	const moved = await tables.attempts.sweep({
		now: new Date(now).toISOString(),
		silentSince: new Date(isFresh ? 0 : now - leaseMs).toISOString(),
		...(!isFresh && { heardUntil: new Date(now + leaseMs).toISOString() }),
		// Who was on its way before the clock went ahead did not take that long.
		graceMs: reportGraceMs + aheadMs,
	});
	for (const run of moved) hint(run);
	if (moved.length > 0) work.raise();
}
