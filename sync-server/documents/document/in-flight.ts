import type { FreshEntry } from './entries.ts';

/** An update that was applied. */
export interface AppliedUpdate {
	readonly data: Uint8Array;
	/** When, by the server's clock, in milliseconds since the epoch. */
	readonly at: number;
	readonly entries: readonly FreshEntry[];
	/** Where the clocks stood that it moved. */
	readonly clocks: ReadonlyMap<number, number>;
}

/** An update that is on disk, with its number. */
export type DurableUpdate = AppliedUpdate & { readonly seq: number };

interface Flying {
	readonly update: AppliedUpdate;
	seq: number | undefined;
}

interface Waiting {
	/** How many updates must be on disk. */
	readonly after: number;
	readonly run: () => void;
	/** In place of `run` where that will never be. */
	readonly drop: (() => void) | undefined;
}

/**
 * What of a document was applied and is not on disk yet, and what waits for that. Updates come to the disk
 * in their order; those of one commit are told together, and only then does run what waited for them (S1).
 */
export class InFlight {
	readonly #told: (done: readonly DurableUpdate[]) => void;
	#flying: Flying[] = [];
	#waiting: Waiting[] = [];
	#settled: (() => void)[] = [];
	/** Updates applied and updates on disk since the document was opened. */
	#applied = 0;
	#durable = 0;
	#isSettling = false;
	#isClosed = false;

	/** `told` is called with what one commit brought to the disk. */
	constructor(told: (done: readonly DurableUpdate[]) => void) {
		this.#told = told;
	}

	get isEmpty(): boolean {
		return this.#flying.length === 0;
	}

	/** In the order in which they were applied. */
	get updates(): readonly AppliedUpdate[] {
		return this.#flying.map(({ update }) => update);
	}

	/** Takes an update that is on its way; what comes back is called with its number once it is on disk. */
	add(update: AppliedUpdate): (seq: number) => void {
		const one: Flying = { update, seq: undefined };
		this.#flying.push(one);
		this.#applied++;
		return (seq) => {
			one.seq = seq;
			this.#durable++;
			if (this.#isSettling) return;
			this.#isSettling = true;
			// All appends of one commit resolve before this runs: they are told as one.
			queueMicrotask(() => this.#settle());
		};
	}

	/** Runs once everything applied so far is on disk; at once when it is; `drop` instead when it will not be. */
	afterAll(run: () => void, drop?: () => void): void {
		if (this.#isClosed) drop?.();
		else if (this.isEmpty) run();
		else this.#waiting.push({ after: this.#applied, run, drop });
	}

	/** Resolves with the last update applied so far once it is on disk; with undefined when it will not be, or there is none. */
	lastOnDisk(): Promise<DurableUpdate | undefined> {
		const last = this.#flying.at(-1);
		if (!last) return Promise.resolve(undefined);
		return new Promise((resolve) => {
			this.afterAll(
				() => resolve({ ...last.update, seq: last.seq! }),
				() => resolve(undefined),
			);
		});
	}

	/** Resolves when nothing waits for the disk, whether it took it or not. */
	whenSettled(): Promise<void> {
		if (this.isEmpty) return Promise.resolve();
		return new Promise((resolve) => this.#settled.push(resolve));
	}

	/** Nobody is told of anything from here on. */
	close(): void {
		this.#isClosed = true;
		this.#flying = [];
		for (const { drop } of this.#waiting.splice(0)) drop?.();
		for (const resolve of this.#settled.splice(0)) resolve();
	}

	/** Call it where everybody was told of what is on disk. */
	runWaiting(): void {
		while (this.#waiting.length > 0 && this.#waiting[0]!.after <= this.#durable)
			this.#waiting.shift()!.run();
	}

	#settle(): void {
		this.#isSettling = false;
		if (this.#isClosed) return;
		const done: DurableUpdate[] = [];
		for (const { update, seq } of this.#flying) {
			if (seq === undefined) break;
			done.push({ ...update, seq });
		}
		if (done.length === 0) return;
		this.#flying.splice(0, done.length);
		this.#told(done);
		if (this.isEmpty) for (const resolve of this.#settled.splice(0)) resolve();
	}
}
