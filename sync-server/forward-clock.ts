/**
 * A clock that never goes back, in milliseconds since the epoch. What is received after a batch was closed is
 * late, also when the machine's clock was set back in between: then this one stands until its time has come
 * again. `startMs` is a time that it must not be before: what was closed before a restart stays closed. How long something takes is not asked of it but of `performance.now`, which no clock sets.
 */
export function forwardClock(read: () => number = Date.now, startMs = -Infinity): () => number {
	let last = startMs;
	return () => (last = Math.max(last, read()));
}
