/**
 * The life of a run. The server alone moves it.
 *
 *     queued ─claim─▶ preparing ─start─▶ running ─▶ finishing ─▶ succeeded
 *       ▲                 │                 │           │
 *       └──── lost (≤ 3) ─┴─────────────────┴───────────┘──▶ failed │ cancelled │ timed_out
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
