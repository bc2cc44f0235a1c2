/**
 * The life of an attempt as its runner sees it.
 *
 *     preparing ─prepared─▶ running ─exited 0─▶ finishing ─delivered─▶ reporting ─reported─▶ over
 *         │                    │                    │                     ▲
 *         ├──────── broke ─────┴─ exited otherwise ─┴─────────────────────┤
 *         └──────── cancelled, timed out, runner stops ─▶ stopping ─stopped
 *
 * `superseded` leads to `over` from everywhere, by way of `stopping` where something still has to be stopped:
 * another attempt has taken the run, nothing is left to say about this one.
 */
export type AttemptState =
	| { readonly kind: 'preparing' }
	| { readonly kind: 'running' }
	| { readonly kind: 'finishing' }
	/** Told to end; the process group or what was being fetched is not gone yet. */
	| { readonly kind: 'stopping'; readonly why: StopReason }
	| { readonly kind: 'reporting'; readonly verdict: Verdict }
	| { readonly kind: 'over'; readonly how: Verdict['outcome'] | 'superseded' };

export type StopReason = 'cancelled' | 'timed_out' | 'handed_back' | 'superseded';

export type Verdict =
	| { readonly outcome: 'succeeded' | Exclude<StopReason, 'superseded'> }
	| { readonly outcome: 'failed'; readonly cause: string };

export type AttemptEvent =
	| { readonly kind: 'prepared' }
	/** Fetching, setting up, uploading or committing failed for good. */
	| { readonly kind: 'broke'; readonly cause: string }
	| { readonly kind: 'exited'; readonly exitCode: number | null; readonly signal: string | null }
	| { readonly kind: 'delivered' }
	| { readonly kind: 'stop'; readonly why: StopReason }
	/** What was told to end has ended. */
	| { readonly kind: 'stopped' }
	| { readonly kind: 'reported' };

/** The state after an event. An event that a state does not wait for changes nothing: it came too late. */
export function nextAttemptState(state: AttemptState, event: AttemptEvent): AttemptState {
	switch (state.kind) {
		case 'preparing':
			if (event.kind === 'prepared') return { kind: 'running' };
			return brokenOrStopped(state, event);
		case 'running':
			if (event.kind === 'exited')
				return event.exitCode === 0 ? { kind: 'finishing' } : failed(exitCause(event));
			return brokenOrStopped(state, event);
		case 'finishing':
			if (event.kind === 'delivered')
				return { kind: 'reporting', verdict: { outcome: 'succeeded' } };
			// The limit is on preparing and running; bringing parameters in may take what it takes.
			if (event.kind === 'stop' && event.why === 'timed_out') return state;
			return brokenOrStopped(state, event);
		case 'stopping':
			if (event.kind === 'stop' && event.why === 'superseded')
				return { kind: 'stopping', why: 'superseded' };
			if (event.kind !== 'stopped') return state;
			return state.why === 'superseded'
				? { kind: 'over', how: 'superseded' }
				: { kind: 'reporting', verdict: { outcome: state.why } };
		case 'reporting':
			if (event.kind === 'reported') return { kind: 'over', how: state.verdict.outcome };
			if (event.kind === 'stop' && event.why === 'superseded')
				return { kind: 'over', how: 'superseded' };
			return state;
		case 'over':
			return state;
	}
}

function brokenOrStopped(state: AttemptState, event: AttemptEvent): AttemptState {
	if (event.kind === 'broke') return failed(event.cause);
	if (event.kind === 'stop') return { kind: 'stopping', why: event.why };
	return state;
}

function failed(cause: string): AttemptState {
	return { kind: 'reporting', verdict: { outcome: 'failed', cause } };
}

function exitCause({ exitCode, signal }: { exitCode: number | null; signal: string | null }) {
	return signal === null
		? `The command ended with exit code ${exitCode}.`
		: `The command was killed by ${signal}.`;
}
