/** A clock that was set, or a machine that slept, is noticed after this long. */
const lookAgainMs = 60_000;

interface Options {
	/** When a session or token ends, in milliseconds since the epoch; undefined where it is gone already. */
	readonly endOf: (credential: string) => Promise<number | undefined>;
	/** Its time is over. */
	readonly end: (credential: string) => void;
	readonly onFault: (error: unknown) => void;
}

interface Watched {
	endsAt: number;
	holders: number;
}

/**
 * Ends sessions and tokens when their time is over, as long as something is open that was opened with them.
 * One that was prolonged meanwhile, because it was used elsewhere, goes on.
 */
export class CredentialExpiry {
	readonly #options: Options;
	readonly #watched = new Map<string, Watched>();
	#timer: NodeJS.Timeout | undefined;
	#isClosed = false;

	constructor(options: Options) {
		this.#options = options;
	}

	/** Watches over what was opened with a credential until that is closed; returns what says so. */
	watch(credential: string, endsAt: number): () => void {
		const known = this.#watched.get(credential);
		const watched = known ?? { endsAt, holders: 0 };
		watched.endsAt = Math.max(watched.endsAt, endsAt);
		watched.holders++;
		this.#watched.set(credential, watched);
		this.#arm();
		let isHeld = true;
		return () => {
			if (!isHeld) return;
			isHeld = false;
			if (--watched.holders > 0) return;
			if (this.#watched.get(credential) === watched) this.#watched.delete(credential);
			if (this.#watched.size === 0) clearTimeout(this.#timer);
		};
	}

	close(): void {
		this.#isClosed = true;
		clearTimeout(this.#timer);
	}

	#arm(): void {
		clearTimeout(this.#timer);
		if (this.#isClosed || this.#watched.size === 0) return;
		let next = Infinity;
		for (const { endsAt } of this.#watched.values()) next = Math.min(next, endsAt);
		const waitMs = Math.min(Math.max(0, next - Date.now()), lookAgainMs);
		this.#timer = setTimeout(() => {
			this.#look().then(
				() => this.#arm(),
				(error: unknown) => {
					this.#options.onFault(error);
					this.#timer = setTimeout(() => this.#arm(), 1000).unref();
				},
			);
		}, waitMs).unref();
	}

	async #look(): Promise<void> {
		for (const [credential, watched] of [...this.#watched]) {
			if (watched.endsAt > Date.now()) continue;
			const endsAt = await this.#options.endOf(credential);
			if (endsAt !== undefined && endsAt > Date.now()) {
				watched.endsAt = endsAt;
				continue;
			}
			this.#watched.delete(credential);
			this.#options.end(credential);
		}
	}
}
