import { openSqliteLog } from '#sync-server/log/sqlite/open-log.ts';
import type { UpdateLog } from '#sync-server/log/update-log.ts';
import { openTables } from '#sync-server/tables/sqlite/open-tables.ts';
import type { Tables } from '#sync-server/tables/tables.ts';

/** Where a commit fails: before its bytes are in the file, or when they were to be made durable. */
export type FaultyStep = 'write' | 'fsync';

/**
 * Says which commits of a log's thread fail. Its numbers lie in shared memory, since the thread has no turn to
 * hear a message between a write and its fsync.
 */
export class CommitFaults {
	readonly shared: SharedArrayBuffer;
	readonly #cells: Int32Array;

	constructor(shared = new SharedArrayBuffer(7 * Int32Array.BYTES_PER_ELEMENT)) {
		this.shared = shared;
		this.#cells = new Int32Array(shared);
	}

	/**
	 * The nth commit from now on fails at a step, and so do those after it, so many in all. An fsync that failed
	 * leaves its bytes behind (`keeps`) or does not: both happen.
	 */
	fail(step: FaultyStep, nth: number, times: number, keeps = false): void {
		Atomics.store(this.#cells, 0, step === 'write' ? 1 : 2);
		Atomics.store(this.#cells, 1, nth - 1);
		Atomics.store(this.#cells, 3, Number(keeps));
		Atomics.store(this.#cells, 2, times);
	}

	/** From now on nothing fails. */
	mend(): void {
		Atomics.store(this.#cells, 2, 0);
	}

	/** Holds every commit back, as a disk does that does not answer; or lets them go. */
	stall(isStalled: boolean): void {
		Atomics.store(this.#cells, 4, Number(isStalled));
		Atomics.notify(this.#cells, 4);
	}

	/** True while a commit is held back. */
	get isHolding(): boolean {
		return Atomics.load(this.#cells, 6) === 1;
	}

	/** How many connections were let go of. */
	get closed(): number {
		return Atomics.load(this.#cells, 5);
	}

	noteClosed(): void {
		Atomics.add(this.#cells, 5, 1);
	}

	/** True while an fsync fails, also one that is of no commit. */
	get isFsyncFailing(): boolean {
		const [step, before, times] = [0, 1, 2].map((cell) => Atomics.load(this.#cells, cell));
		return step === 2 && before === 0 && times! > 0;
	}

	/** What becomes of the commit that is due; waits while the disk does not answer. */
	next(): { readonly step: FaultyStep; readonly keeps: boolean } | undefined {
		Atomics.store(this.#cells, 6, 1);
		Atomics.wait(this.#cells, 4, 1);
		Atomics.store(this.#cells, 6, 0);
		if (Atomics.load(this.#cells, 2) === 0) return undefined;
		if (Atomics.load(this.#cells, 1) > 0) {
			Atomics.sub(this.#cells, 1, 1);
			return undefined;
		}
		Atomics.sub(this.#cells, 2, 1);
		return {
			step: Atomics.load(this.#cells, 0) === 1 ? 'write' : 'fsync',
			keeps: Atomics.load(this.#cells, 3) === 1,
		};
	}
}

/** The log on SQLite, as the server has it, over a disk whose commits fail where they are told to. */
export function openFaultyLog(
	options: { readonly file: string; readonly maxPages?: number },
	faults: CommitFaults,
): Promise<UpdateLog> {
	const data = { ...options, faults: faults.shared };
	return openSqliteLog(data, new URL('./faulty-log-thread.ts', import.meta.url));
}

/** The tables on SQLite, as the server has them, over a disk whose commits fail where they are told to. */
export function openFaultyTables(file: string, faults: CommitFaults): Promise<Tables> {
	const data = { file, faults: faults.shared };
	return openTables(data, new URL('./faulty-tables-thread.ts', import.meta.url));
}
