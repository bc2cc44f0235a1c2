import { createSubscriber } from 'svelte/reactivity';

interface Signal {
	readonly read: () => void;
	announce: () => void;
}

/**
 * Signals by key: an effect that read one key runs again when that key is announced, and no other does.
 * `onObserved` starts what feeds the signals when the first key is read; what it returns stops it again.
 */
export class KeyedSignals {
	readonly #signals = new Map<string, Signal>();

	/** Notes that the running effect depends on the key; outside of effects it does nothing. */
	read(key: string): void {
		this.#of(key).read();
	}

	announce(key: string): void {
		this.#signals.get(key)?.announce();
	}

	announceAll(): void {
		for (const { announce } of [...this.#signals.values()]) announce();
	}

	#of(key: string): Signal {
		const known = this.#signals.get(key);
		if (known) return known;
		const signal: Signal = {
			announce: () => {},
			read: createSubscriber((update) => {
				signal.announce = update;
				return () => {
					signal.announce = () => {};
				};
			}),
		};
		this.#signals.set(key, signal);
		return signal;
	}
}
