/** Does one thing after the other: at once where nothing waits, else when what came before is over. */
export class InOrder {
	#last: Promise<void> | undefined;

	run(act: () => void | Promise<void>): void {
		const doing = this.#last ? this.#last.then(act) : act();
		if (!doing) return;
		const done = doing.catch(reportError).then(() => {
			if (this.#last === done) this.#last = undefined;
		});
		this.#last = done;
	}
}
