/**
 * The life of a run. The server alone moves it.
 *
 *     queued ─claimed─▶ preparing ─started─▶ running ─finishing─▶ finishing ─succeeded─▶ succeeded
 *       ▲                  │                    │                    │
 *       └─ lost, requeued ─┴────────────────────┴────────────────────┴──▶ failed │ cancelled │ timed_out
 *
 * A run that keeps nothing may succeed straight from running.
 */
export const runStates = [
	'queued',
	'preparing',
	'running',
	'finishing',
	'succeeded',
	'failed',
	'cancelled',
	'timed_out',
] as const;
export type RunState = (typeof runStates)[number];

export type RunEvent =
	/** A runner took it; it fetches code and data and sets up. */
	| { readonly kind: 'claimed' }
	/** The command runs. */
	| { readonly kind: 'started' }
	/** The command is over; what it kept is uploaded and committed. */
	| { readonly kind: 'finishing' }
	| { readonly kind: 'succeeded' }
	| { readonly kind: 'failed' }
	| { readonly kind: 'cancelled' }
	| { readonly kind: 'timedOut' }
	/** The attempt's runner went away or gave it back; final when that happened too often. */
	| { readonly kind: 'lost'; readonly final: boolean }
	/** The attempt failed and the run has a retry left. */
	| { readonly kind: 'requeued' };

/** The state after an event; undefined where the event cannot happen. Nothing leaves a state in which a run has ended. */
export function nextRunState(state: RunState, event: RunEvent): RunState | undefined {
	switch (state) {
		case 'queued':
			return afterQueued(event);
		case 'preparing':
			return event.kind === 'started' ? 'running' : afterAttempt(event);
		case 'running':
			if (event.kind === 'finishing') return 'finishing';
			return event.kind === 'succeeded' ? 'succeeded' : afterAttempt(event);
		case 'finishing':
			return event.kind === 'succeeded' ? 'succeeded' : afterAttempt(event);
		case 'succeeded':
		case 'failed':
		case 'cancelled':
		case 'timed_out':
			return undefined;
	}
}

/** True where a run has come to its end. */
export function isEnded(state: RunState): boolean {
	return ['succeeded', 'failed', 'cancelled', 'timed_out'].includes(state);
}

function afterQueued(event: RunEvent): RunState | undefined {
	switch (event.kind) {
		case 'claimed':
			return 'preparing';
		case 'cancelled':
			return 'cancelled';
		case 'failed': // its commit or its snapshot is gone: no runner could begin
			return 'failed';
		default:
			return undefined;
	}
}

/** How an attempt may end before its success, in whatever state it is. */
function afterAttempt(event: RunEvent): RunState | undefined {
	switch (event.kind) {
		case 'failed':
			return 'failed';
		case 'cancelled':
			return 'cancelled';
		case 'timedOut':
			return 'timed_out';
		case 'lost':
			return event.final ? 'failed' : 'queued';
		case 'requeued':
			return 'queued';
		default:
			return undefined;
	}
}
