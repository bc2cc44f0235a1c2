/**
 * How long to wait before the next attempt, in milliseconds: anything between nothing and a bound that
 * doubles with each failure (full jitter), so that a thousand browsers do not come back in one moment.
 * `failures` counts from 0; `random` is in [0, 1).
 */
export function fullJitterMs(
	failures: number,
	{ baseMs = 500, limitMs = 8_000, random = Math.random }: JitterOptions = {},
): number {
	return random() * Math.min(limitMs, baseMs * 2 ** Math.min(failures, 30));
}

export interface JitterOptions {
	readonly baseMs?: number;
	readonly limitMs?: number;
	readonly random?: () => number;
}
