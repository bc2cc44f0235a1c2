/**
 * A clock that never goes back, in milliseconds since the epoch. What is received after a batch was closed is
 * late, also when the machine's clock was set back in between: then this one stands until its time has come
 * again. How long something takes is not asked of it but of `performance.now`, which no clock sets.
 */
export function forwardClock(read: () => number = Date.now): () => number {
	let last = -Infinity;
	return () => (last = Math.max(last, read()));
}
