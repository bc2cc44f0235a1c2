import { heartbeatMs } from '#shared/api/runner-protocol.ts';
import type { AttemptCalls } from '../server/attempt-calls.ts';
import { Refusal } from '../server/server-connection.ts';
import type { StopReason } from './attempt-state.ts';

export interface HeartbeatOptions {
	readonly calls: Pick<AttemptCalls, 'heartbeat'>;
	readonly signal: AbortSignal;
	/** The server wants the attempt to end. */
	readonly onStop: (why: StopReason) => void;
	readonly everyMs?: number;
}

/**
 * Keeps the lease of an attempt until the signal aborts. A server that does not answer stops nothing: the
 * command goes on, and if nobody else took the run meanwhile the attempt is taken up again.
 */
export function startHeartbeats({
	calls,
	signal,
	onStop,
	everyMs = heartbeatMs,
}: HeartbeatOptions): void {
	let isBusy = false;
	const beat = async (): Promise<void> => {
		if (isBusy) return;
		isBusy = true;
		try {
			const action = await calls.heartbeat(signal);
			if (action === 'cancel') onStop('cancelled');
			if (action === 'time_out') onStop('timed_out');
		} catch (error) {
			if (error instanceof Refusal && error.isSuperseded) onStop('superseded');
		} finally {
			isBusy = false;
		}
	};
	const timer = setInterval(() => void beat(), everyMs);
	signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}
