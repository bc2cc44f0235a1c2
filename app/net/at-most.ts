export interface Paced {
	/** Wants it done: at once, or as soon as the pace allows. Asking again before that changes nothing. */
	ask(): void;
	/** Ends what is under way and whatever was asked for. */
	stop(): void;
}

/** Does something each time it is asked for, never twice at once, and at most once every `everyMs`. */
export function atMost(everyMs: number, act: (signal: AbortSignal) => Promise<void> | void): Paced {
	const abort = new AbortController();
	let isResting = false;
	let isWanted = false;
	let timer: ReturnType<typeof setTimeout> | undefined;

	async function turn(): Promise<void> {
		isResting = true;
		isWanted = false;
		const began = performance.now();
		try {
			await act(abort.signal);
		} finally {
			if (!abort.signal.aborted)
				timer = setTimeout(rested, Math.max(0, everyMs - (performance.now() - began)));
		}
	}
	function rested(): void {
		isResting = false;
		if (isWanted) void turn();
	}

	return {
		ask() {
			if (abort.signal.aborted) return;
			isWanted = true;
			if (!isResting) void turn();
		},
		stop() {
			abort.abort();
			clearTimeout(timer);
		},
	};
}
