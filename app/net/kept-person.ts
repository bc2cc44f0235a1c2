import Dexie, { type Table } from 'dexie';

/** Not `flywheel-…`: that is what databases with somebody's work are called. */
const databaseName = 'signed-in-flywheel';
const key = 'me';

/**
 * Who is signed in, in IndexedDB with strict durability: what was written is there after a crash. What
 * localStorage holds reaches the disk seconds later.
 */
export class KeptPerson {
	readonly #database: Dexie & { readonly people: Table<unknown, string> };

	constructor() {
		const database = new Dexie(databaseName, {
			chromeTransactionDurability: 'strict',
			cache: 'disabled',
		});
		database.version(1).stores({ people: '' });
		this.#database = database as Dexie & { readonly people: Table<unknown, string> };
	}

	/** What was kept last, for whoever reads it to look at. */
	read(): Promise<unknown> {
		return this.#database.people.get(key);
	}

	async keep(person: object): Promise<void> {
		await this.#database.people.put(person, key);
	}

	async forget(): Promise<void> {
		await this.#database.people.delete(key);
	}

	close(): void {
		this.#database.close();
	}
}
