/** A number that changes; it holds nothing of what it is about. */
class Signal {
	version = $state(0);
}

/**
 * Signals by key: an effect that read one key runs again when that key is announced, and no other does.
 * A list over 500 items reads 500 of them on every key press, so a signal is one number and nothing is
 * subscribed or let go of.
 */
export class KeyedSignals {
	readonly #signals: Record<string, Signal> = Object.create(null) as Record<string, Signal>;

	/** Notes that the running effect depends on the key; outside of effects it does nothing. */
	read(key: string): void {
		void this.#of(key).version;
	}

	announce(key: string): void {
		const signal = this.#signals[key];
		if (signal) signal.version++;
	}

	#of(key: string): Signal {
		return (this.#signals[key] ??= freeSignal());
	}
}

/** Made in a root of its own: a reaction does not depend on state that was made within it. */
function freeSignal(): Signal {
	let signal!: Signal;
	$effect.root(() => {
		signal = new Signal();
	})();
	return signal;
}
