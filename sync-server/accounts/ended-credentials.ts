/** Longer than anybody is between being identified and having a connection. */
const rememberedMs = 60_000;

/**
 * Sessions and tokens that are no longer good. Whoever keeps a connection that was opened with one hears of
 * it at once; whoever opens one asks first, since it may have ended while they were identified.
 */
export class EndedCredentials {
	readonly #ended = new Map<string, number>();
	readonly #listeners: ((credential: string) => void)[] = [];

	/** Call after the tables committed. */
	end(credential: string): void {
		const now = Date.now();
		for (const [known, at] of this.#ended) if (now - at > rememberedMs) this.#ended.delete(known);
		this.#ended.set(credential, now);
		for (const listener of this.#listeners) listener(credential);
	}

	/** True when it ended lately. */
	has(credential: string): boolean {
		return this.#ended.has(credential);
	}

	onEnd(listener: (credential: string) => void): void {
		this.#listeners.push(listener);
	}
}

/** The id of a session by the name of its credential; undefined for a token. */
export function sessionOf(credential: string): string | undefined {
	return /^session (.+)$/.exec(credential)?.[1];
}

/** The name of a session or token by which connections remember where they came from. */
export function credentialOf(kind: 'session' | 'token', id: string): string {
	return `${kind} ${id}`;
}
