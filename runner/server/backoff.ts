import { setTimeout as delay } from 'node:timers/promises';

export interface RetryOptions {
	/** Failures that trying again does not mend. */
	readonly isFinal: (error: unknown) => boolean;
	readonly signal: AbortSignal;
	/** Gives up this long after the first failure (an hour). */
	readonly forMs?: number;
	/** The longest wait between two tries (30 s). */
	readonly longestMs?: number;
	/** 0 … 1; tests hold it. */
	readonly random?: () => number;
}

/**
 * Does a piece of work until it succeeds, with full-jitter backoff: each wait is anywhere between nothing and
 * a bound that doubles, so that many runners that lost one server do not come back at once. Throws the last
 * failure when it is final, when time is up, or when the signal aborts.
 */
export async function withRetries<T>(
	work: () => Promise<T>,
	{ isFinal, signal, forMs = 3_600_000, longestMs = 30_000, random = Math.random }: RetryOptions,
): Promise<T> {
	let boundMs = 500;
	let firstFailureAt: number | undefined;
	for (;;) {
		try {
			return await work();
		} catch (error) {
			firstFailureAt ??= performance.now();
			const isTimeUp = performance.now() - firstFailureAt + boundMs > forMs;
			if (isTimeUp || signal.aborted || isFinal(error)) throw error;
			await delay(random() * boundMs, undefined, { signal });
			boundMs = Math.min(boundMs * 2, longestMs);
		}
	}
}
