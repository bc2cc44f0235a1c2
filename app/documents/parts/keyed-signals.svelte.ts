import { withNextFrame } from './next-frame.ts';

/** As many are announced with one frame: what reads them is drawn within it. */
const perFrame = 100;

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
	readonly #waiting = new Set<string>();

	/** Notes that the running effect depends on the key; outside of effects it does nothing. */
	read(key: string): void {
		void this.#of(key).version;
	}

	announce(key: string): void {
		const signal = this.#signals[key];
		if (signal) signal.version++;
	}

	/**
	 * Announces what changed in a document: at once what was done on this page, what came from elsewhere with the
	 * next frame. A day of somebody else's work comes in hundreds of pieces, and what nobody sees is not drawn.
	 */
	announceChange(keys: Iterable<string>, isLocal: boolean): void {
		if (isLocal) {
			for (const key of keys) this.announce(key);
			return;
		}
		if (this.#waiting.size === 0) withNextFrame(() => this.#announceWaiting());
		for (const key of keys) this.#waiting.add(key);
	}

	#announceWaiting(): void {
		for (const key of [...this.#waiting].slice(0, perFrame)) {
			this.#waiting.delete(key);
			this.announce(key);
		}
		if (this.#waiting.size > 0) withNextFrame(() => this.#announceWaiting());
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
