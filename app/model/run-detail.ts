import type { Row } from '#shared/replica/rows.ts';
import type { RunSpec } from '#shared/run/spec.ts';

/** One time that a runner took a run. */
export interface AttemptDetail {
	readonly attempt: number;
	readonly runner: string;
	readonly claimedAt: string;
	readonly startedAt: string | null;
	readonly endedAt: string | null;
	readonly outcome: string | null;
	readonly exitCode: number | null;
	readonly signal: string | null;
}

/** `GET /api/runs/:id` */
export interface RunDetail extends Row<'runs'> {
	readonly spec: RunSpec;
	readonly attempts: readonly AttemptDetail[];
}

const outcomes: Readonly<Record<string, string>> = {
	succeeded: 'succeeded',
	failed: 'failed',
	cancelled: 'cancelled',
	timed_out: 'timed out',
	handed_back: 'handed back by the runner',
	lost: 'lost: the runner went silent',
};

/** How an attempt ended, or where it is. */
export function attemptWords({ outcome, startedAt, exitCode, signal }: AttemptDetail): string {
	if (outcome === null) return startedAt === null ? 'preparing' : 'running';
	const how = outcomes[outcome] ?? outcome;
	if (outcome === 'succeeded') return how;
	if (signal !== null) return `${how} (${signal})`;
	return exitCode === null || exitCode === 0 ? how : `${how} (exit code ${exitCode})`;
}

/** The name that a machine gives itself, out of an id that begins with its token's. */
export function runnerName(id: string): string {
	return id.slice(id.lastIndexOf('/') + 1);
}
