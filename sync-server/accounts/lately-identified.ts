import { LRUCache } from 'lru-cache';
import type { Caller } from './caller.ts';

/** Less than ended credentials are remembered for (ended-credentials.ts): who came with one is asked about there. */
const rememberedMs = 10_000;
const most = 2000;

/**
 * Who came with which credential a moment ago. A device opens a socket for each of its documents, and when a
 * network comes back all devices do so at once: the tables are asked once for each, not once for each socket.
 */
export class LatelyIdentified {
	readonly #known = new LRUCache<string, Promise<Caller | undefined>>({
		max: most,
		ttl: rememberedMs,
	});

	/** What `ask` answers, or answered a moment ago for the same credential. Nobody is not remembered. */
	of(credential: string, ask: () => Promise<Caller | undefined>): Promise<Caller | undefined> {
		const known = this.#known.get(credential);
		if (known) return known;
		const asked = ask();
		this.#known.set(credential, asked);
		const forget = (): void => {
			if (this.#known.peek(credential) === asked) this.#known.delete(credential);
		};
		asked.then((caller) => caller ?? forget(), forget);
		return asked;
	}
}
