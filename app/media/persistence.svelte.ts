/** Whether the browser promised not to clear this app's storage by itself; `unknown` where it cannot say. */
export type Persistence = 'granted' | 'denied' | 'unknown';

/**
 * What the browser promised about this device's storage. Without its promise it may clear everything when space
 * is short, also work that is nowhere else; some browsers do so after weeks without a visit.
 */
export class StoragePromise {
	readonly #storage: StorageManager | undefined;
	#current = $state<Persistence>();
	#wasAsked = $state(false);

	/** Without a storage manager, as on plain http, nothing can be said. */
	constructor(storage = navigator.storage as StorageManager | undefined) {
		this.#storage = storage;
	}

	/** Undefined until it was looked at. */
	get current(): Persistence | undefined {
		return this.#current;
	}

	/** The browser was asked on this page; asking again hardly changes its mind. */
	get wasAsked(): boolean {
		return this.#wasAsked;
	}

	/** Looks at what was promised before. Nobody is asked anything. */
	async look(): Promise<void> {
		this.#current = await this.#read((storage) => storage.persisted());
	}

	/** Asks the browser to keep this app's storage until a person clears it. Some ask the person. */
	async ask(): Promise<void> {
		this.#wasAsked = true;
		this.#current = await this.#read(
			async (storage) => (await storage.persisted()) || (await storage.persist()),
		);
	}

	async #read(promised: (storage: StorageManager) => Promise<boolean>): Promise<Persistence> {
		if (!this.#storage) return 'unknown';
		try {
			return (await promised(this.#storage)) ? 'granted' : 'denied';
		} catch {
			return 'unknown'; // a browser that throws here promises nothing and refuses nothing
		}
	}
}
