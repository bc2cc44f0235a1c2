import Dexie, { type Table } from 'dexie';

/** Not `flywheel-…`: that is what databases with somebody's work are called. */
const databaseName = 'signed-in-flywheel';
const key = 'me';
/** Storage that does not answer keeps nobody from signing in. */
const answerLimitMs = 2000;

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
		return inTime(this.#database.people.get(key));
	}

	async keep(person: object): Promise<void> {
		await inTime(this.#database.people.put(person, key));
	}

	async forget(): Promise<void> {
		await inTime(this.#database.people.delete(key));
	}

	close(): void {
		this.#database.close();
	}
}

/** Rejects where the browser's storage does not answer; what was asked of it may still be done later. */
async function inTime<T>(answer: PromiseLike<T>): Promise<T> {
	let limit: ReturnType<typeof setTimeout> | undefined;
	const late = new Promise<never>((_resolve, reject) => {
		const fail = () => reject(new Error('The storage of this browser does not answer'));
		limit = setTimeout(fail, answerLimitMs);
	});
	try {
		return await Promise.race([answer, late]);
	} finally {
		clearTimeout(limit);
	}
}
