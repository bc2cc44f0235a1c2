import { pause } from '../device/slices.ts';

/**
 * Does one thing after the other: at once where nothing waits. What had to wait is done in a task of its
 * own, or a hundred small things would be one long task.
 */
export class InOrder {
	#last: Promise<void> | undefined;

	run(act: () => void | Promise<void>): void {
		const doing = this.#last ? this.#last.then(pause).then(act) : act();
		if (!doing) return;
		const done = doing.catch(reportError).then(() => {
			if (this.#last === done) this.#last = undefined;
		});
		this.#last = done;
	}
}
