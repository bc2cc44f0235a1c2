/**
 * Wakes runners that wait for work. A hint, not a queue: whoever wakes looks into the table, so a hint
 * that is lost (another server queued the run) costs a poll and nothing else.
 */
export class WorkSignal {
	readonly #waiting = new Set<() => void>();

	/** Work may be there: everybody looks. */
	raise(): void {
		for (const wake of this.#waiting) wake();
	}

	/** Resolves when work may be there, when the time is over or when the signal aborts. */
	wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
		return new Promise((resolve) => {
			const wake = (): void => {
				clearTimeout(timer);
				this.#waiting.delete(wake);
				signal.removeEventListener('abort', wake);
				resolve();
			};
			const timer = setTimeout(wake, timeoutMs);
			this.#waiting.add(wake);
			signal.addEventListener('abort', wake, { once: true });
			if (signal.aborted) wake();
		});
	}
}
