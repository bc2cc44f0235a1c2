import { leaseMs } from '#shared/api/runner-protocol.ts';
import type { Tables } from '../tables/tables.ts';
import type { WorkSignal } from './work-signal.ts';

/** A runner has this long after a timeout to stop the command and say so itself. */
const reportGraceMs = 30_000;

export interface SweeperOptions {
	readonly tables: Pick<Tables, 'attempts'>;
	readonly work: WorkSignal;
	readonly now: () => Date;
	readonly hint: (run: string) => void;
	readonly onFault: (error: unknown) => void;
}

/**
 * Looks every second for attempts that time has ended. A server that was down hears no heartbeats: until
 * one lease after its start nobody counts as silent. Returns what stops it.
 */
export function startSweeper(options: SweeperOptions): () => void {
	const startedAt = options.now().getTime();
	let isBusy = false;
	let isStopped = false;
	const timer = setInterval(() => {
		if (isBusy) return;
		isBusy = true;
		sweepAttempts(options, startedAt)
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

/** One look; `startedAt` is when this server began to listen. */
async function sweepAttempts(
	{ tables, work, now, hint }: Omit<SweeperOptions, 'onFault'>,
	startedAt: number,
): Promise<void> {
	const time = now().getTime();
	const silentSince = time - startedAt < leaseMs ? 0 : time - leaseMs;
	const moved = await tables.attempts.sweep({
		now: new Date(time).toISOString(),
		silentSince: new Date(silentSince).toISOString(),
		graceMs: reportGraceMs,
	});
	for (const run of moved) hint(run);
	if (moved.length > 0) work.raise();
}
