/** A bell that one loop sleeps beside: `ring` wakes it, also when it was rung before it lay down. */
export class Bell {
	#isRung = false;
	#wake = () => {};

	ring(): void {
		this.#isRung = true;
		this.#wake();
	}

	/** Resolves when it is rung, when the time is up, or when the signal is aborted. */
	async wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
		if (!this.#isRung && !signal.aborted)
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, timeoutMs);
				this.#wake = () => {
					clearTimeout(timer);
					resolve();
				};
				signal.addEventListener('abort', this.#wake, { once: true });
			});
		signal.removeEventListener('abort', this.#wake);
		this.#wake = () => {};
		this.#isRung = false;
	}
}
