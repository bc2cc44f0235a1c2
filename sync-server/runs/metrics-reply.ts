import { reducePoints } from '#shared/run/reduce-points.ts';
import type { MetricSeries, MetricsReply } from '#shared/api/replies.ts';
import type { AttemptRow } from '../tables/attempts.ts';
import type { AttemptPoints } from '../tables/metrics.ts';

export interface Window {
	readonly from: number;
	readonly to: number;
	/** About how many points to draw per key. */
	readonly points: number;
}

/**
 * One curve out of what the attempts of a run reported: each attempt shows below the first step of those
 * after it, so that a run that went on from a checkpoint has neither a gap nor a double point. Within an
 * attempt the last value of a step counts.
 */
export function curve(
	parts: readonly AttemptPoints[],
	attempts: readonly AttemptRow[],
	key: string,
	window: Window,
): MetricSeries {
	const byStep = new Map<number, number>();
	for (const { attempt, steps, values } of parts) {
		const end = cutOf(attempts, attempt);
		for (const [index, step] of steps.entries())
			if (step < end && step >= window.from && step <= window.to) byStep.set(step, values[index]!);
	}
	const steps = Float64Array.from(byStep.keys()).sort();
	const values = Float64Array.from(steps, (step) => byStep.get(step)!);
	return { key, ...reducePoints(steps, values, window.points), stored: steps.length };
}

/** The step from which on a later attempt's points stand instead of this one's. */
function cutOf(attempts: readonly AttemptRow[], attempt: number): number {
	const later = attempts.filter((one) => one.attempt > attempt && one.firstStep !== null);
	return Math.min(Infinity, ...later.map(({ firstStep }) => firstStep!));
}

/** Where attempts took over, for the marks under the curves. */
export function takeovers(attempts: readonly AttemptRow[]): MetricsReply['attempts'] {
	return attempts.flatMap(({ attempt, firstStep }) =>
		firstStep !== null && attempt > 1 && firstStep < cutOf(attempts, attempt)
			? [{ attempt, fromStep: firstStep }]
			: [],
	);
}
