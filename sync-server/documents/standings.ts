import { LRUCache } from 'lru-cache';
import { formatDocumentName, type DocumentName } from '#shared/wire/document-name.ts';
import type { Directory, Standing } from './directory.ts';

/** About 200 bytes each. */
const most = 10_000;

/**
 * How people stand to documents, as the directory said it since rights changed last. When a network comes back
 * everybody asks again what they asked before.
 */
export class Standings {
	readonly #directory: Pick<Directory, 'find'>;
	readonly #known = new LRUCache<string, Promise<Standing | undefined>>({ max: most });

	constructor(directory: Pick<Directory, 'find'>) {
		this.#directory = directory;
	}

	/** As `Directory.find`. Somebody who has no access is not remembered. */
	find(user: string, name: DocumentName): Promise<Standing | undefined> {
		const key = `${user} ${formatDocumentName(name)}`;
		const known = this.#known.get(key);
		if (known) return known;
		const asked = this.#directory.find(user, name);
		this.#known.set(key, asked);
		const forget = (): void => {
			if (this.#known.peek(key) === asked) this.#known.delete(key);
		};
		asked.then((standing) => standing ?? forget(), forget);
		return asked;
	}

	/** Somebody's rights changed: call it after the tables committed. What is asked from here on is asked anew. */
	forget(): void {
		this.#known.clear();
	}
}
