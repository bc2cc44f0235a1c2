/**
 * Runs `work` in one tab of this browser at a time: the one that holds the lock. The signal says when to
 * stop; when a leader's tab goes away, however it goes, another takes over. Where there are no locks
 * (plain http) every tab leads: that costs connections, never data. Returns what stops it.
 */
export function lead(
	name: string,
	work: (signal: AbortSignal) => Promise<void>,
	locks: LockManager | undefined = navigator.locks,
): () => void {
	const stopping = new AbortController();
	const run = async () => {
		try {
			await work(stopping.signal);
		} catch (error) {
			if (!stopping.signal.aborted) throw error;
		}
	};
	const leading = locks ? locks.request(name, { signal: stopping.signal }, run) : run();
	leading.catch((error: unknown) => {
		if (!stopping.signal.aborted) reportError(error);
	});
	return () => stopping.abort();
}
