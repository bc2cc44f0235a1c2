import { CommandError } from '#shared/api/errors.ts';

export interface TurnLimits {
	/** At work at once, over all keys and for one key. */
	readonly atOnce: number;
	readonly perKey: number;
	/** Waiting for their turn, over all keys and for one key; who comes then is turned away. */
	readonly waiting: number;
	readonly waitingPerKey: number;
}

/** Lets a bounded number work at once, in order of arrival, so that a crowd costs patience and not memory. */
export class Turns {
	readonly #limits: TurnLimits;
	readonly #busy = new Map<string, number>();
	readonly #queue: { key: string; go: () => void }[] = [];
	#atWork = 0;

	constructor(limits: TurnLimits) {
		this.#limits = limits;
	}

	/** Waits for a turn and gives what ends it. Throws `overloaded` when too many wait, the signal's reason when it aborts. */
	async take(key: string, signal?: AbortSignal): Promise<() => void> {
		signal?.throwIfAborted();
		if (!this.#isFree(key)) await this.#wait(key, signal);
		this.#atWork += 1;
		this.#busy.set(key, (this.#busy.get(key) ?? 0) + 1);
		let isOver = false;
		return () => {
			if (isOver) return;
			isOver = true;
			this.#atWork -= 1;
			const left = this.#busy.get(key)! - 1;
			if (left === 0) this.#busy.delete(key);
			else this.#busy.set(key, left);
			this.#next();
		};
	}

	#isFree(key: string): boolean {
		return this.#atWork < this.#limits.atOnce && (this.#busy.get(key) ?? 0) < this.#limits.perKey;
	}

	async #wait(key: string, signal: AbortSignal | undefined): Promise<void> {
		const { waiting, waitingPerKey } = this.#limits;
		const ofKey = this.#queue.reduce((sum, place) => sum + Number(place.key === key), 0);
		if (this.#queue.length >= waiting || ofKey >= waitingPerKey)
			throw new CommandError('overloaded', 'Too many ask for this at the same moment.');
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		const place = { key, go: resolve };
		const leave = (): void => {
			this.#queue.splice(this.#queue.indexOf(place), 1);
			reject(signal!.reason as Error);
		};
		this.#queue.push(place);
		signal?.addEventListener('abort', leave, { once: true });
		await promise;
		signal?.removeEventListener('abort', leave);
	}

	#next(): void {
		const index = this.#queue.findIndex(({ key }) => this.#isFree(key));
		if (index === -1) return;
		const [place] = this.#queue.splice(index, 1);
		place!.go();
	}
}
