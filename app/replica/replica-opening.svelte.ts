import { fullJitterMs } from '#app/net/jitter.ts';
import { openReplica, type Replica } from './database.ts';

/** How far a browser is with opening somebody's replica. */
export type OpeningState =
	| { readonly kind: 'opening' }
	/** No answer for so long that it is said; it may still come. */
	| { readonly kind: 'silent' }
	| { readonly kind: 'failed'; readonly error: unknown }
	| { readonly kind: 'open' };

/** After a crash a browser mends its storage before it answers, which takes a moment. */
const answerLimitMs = 5000;

/**
 * Opens one person's replica and tries again until it can, with pauses: Dexie itself never does so after an open
 * that failed. Says all the while how that stands.
 */
export class ReplicaOpening {
	readonly replica: Replica;
	#state = $state.raw<OpeningState>({ kind: 'opening' });
	#isStopped = false;
	#pause: ReturnType<typeof setTimeout> | undefined;

	constructor(epoch: string, user: string) {
		this.replica = openReplica(epoch, user);
		void this.#open(0);
	}

	get state(): OpeningState {
		return this.#state;
	}

	/** Gives up. A replica that is open belongs to whoever works with it, who closes it. */
	stop(): void {
		this.#isStopped = true;
		clearTimeout(this.#pause);
		if (this.#state.kind !== 'open') this.replica.close();
	}

	async #open(failures: number): Promise<void> {
		const limit = setTimeout(() => (this.#state = { kind: 'silent' }), answerLimitMs);
		try {
			await this.replica.open();
			this.#state = { kind: 'open' };
		} catch (error) {
			if (this.#isStopped) return;
			if (failures === 0) reportError(error);
			this.#state = { kind: 'failed', error };
			const waitMs = 500 + fullJitterMs(failures);
			this.#pause = setTimeout(() => void this.#open(failures + 1), waitMs);
		} finally {
			clearTimeout(limit);
		}
	}
}
