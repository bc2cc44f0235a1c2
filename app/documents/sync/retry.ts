import { fullJitterMs } from '#app/net/jitter.ts';

export interface RetryOptions {
	readonly random?: () => number;
	/** So long it has to have worked to count as good. */
	readonly stableMs?: number;
	/** The time has come. */
	readonly onDue: () => void;
}

/** When something that fails is tried again: later and later, at a random moment. */
export class Retry {
	readonly #options: RetryOptions;
	#failures = 0;
	/** By `performance.now()`. The first try is nobody's business here, and cannot be hurried. */
	#dueAtMs = 0;
	#due: ReturnType<typeof setTimeout> | undefined;
	#stable: ReturnType<typeof setTimeout> | undefined;

	constructor(options: RetryOptions) {
		this.#options = options;
	}

	/** It failed, or came to an end: it is due again after a while. */
	failed(): void {
		clearTimeout(this.#stable);
		this.#dueIn(this.#jitterMs(this.#failures++));
	}

	/**
	 * There is reason to believe that it can work again: it is due soon, though not at once, since whatever came
	 * back came back for everybody.
	 */
	hurry(): void {
		const soonMs = this.#jitterMs(1);
		if (performance.now() + soonMs < this.#dueAtMs) this.#dueIn(soonMs);
	}

	/** It works: failures are forgotten once it has for a while. A server that dies of its greetings is not pressed. */
	works(): void {
		clearTimeout(this.#stable);
		this.#stable = setTimeout(() => (this.#failures = 0), this.#options.stableMs ?? 10_000);
	}

	/** Nothing is due until it fails again. */
	stop(): void {
		clearTimeout(this.#due);
		clearTimeout(this.#stable);
	}

	#dueIn(delayMs: number): void {
		clearTimeout(this.#due);
		this.#dueAtMs = performance.now() + delayMs;
		this.#due = setTimeout(this.#options.onDue, delayMs);
	}

	#jitterMs(failures: number): number {
		const { random } = this.#options;
		return fullJitterMs(failures, random ? { random } : {});
	}
}
