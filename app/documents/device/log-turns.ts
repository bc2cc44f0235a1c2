/** Thrown by work in a turn: nobody is to have a turn any more. */
export class TurnsOver extends Error {}

/** Work on one log, one after the other. A failure is kept and told, never thrown. */
export class LogTurns {
	readonly #onDone: () => void;
	#last: Promise<void> = Promise.resolve();
	#failure: unknown;
	#failures = 0;
	#areOver = false;

	/** `onDone` is called after every turn. */
	constructor(onDone: () => void) {
		this.#onDone = onDone;
	}

	/** Why the last turn failed; undefined when it did not. */
	get failure(): unknown {
		return this.#failure;
	}

	/** How many have failed since one did not. */
	get failures(): number {
		return this.#failures;
	}

	get areOver(): boolean {
		return this.#areOver;
	}

	/** Does it after everything before it; resolves then, also when it failed. */
	take(work: () => Promise<void>): Promise<void> {
		this.#last = this.#last.then(() => (this.#areOver ? undefined : this.#do(work)));
		return this.#last;
	}

	async #do(work: () => Promise<void>): Promise<void> {
		try {
			await work();
			this.#failure = undefined;
			this.#failures = 0;
		} catch (error) {
			if (error instanceof TurnsOver) this.#areOver = true;
			else {
				this.#failure = error;
				this.#failures++;
			}
		}
		this.#onDone();
	}
}
