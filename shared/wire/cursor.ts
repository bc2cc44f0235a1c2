/**
 * How far a client has a document: everything up to `seq` of the log that is called `epoch`. State vectors
 * cannot say that, since they know nothing of deletions. `check` is the checksum of the update at `seq`: a
 * log that was put back to an older state and went on differently has another one.
 *
 *     cursor := epoch ":" seq ":" check          0:0:0 where nothing was ever written
 */
export interface Cursor {
	readonly epoch: number;
	readonly seq: number;
	readonly check: number;
}

/** Where nothing was written, and of who has nothing. */
export const noCursor: Cursor = { epoch: 0, seq: 0, check: 0 };

const pattern = /^(\d{1,16}):(\d{1,16}):(\d{1,10})$/;

/** Reads a cursor; undefined for anything else. */
export function parseCursor(text: string): Cursor | undefined {
	const match = pattern.exec(text);
	if (!match) return undefined;
	const [epoch, seq, check] = match.slice(1).map(Number) as [number, number, number];
	return Number.isSafeInteger(epoch) && Number.isSafeInteger(seq)
		? { epoch, seq, check }
		: undefined;
}

/** Prints a cursor. */
export function formatCursor({ epoch, seq, check }: Cursor): string {
	return `${epoch}:${seq}:${check}`;
}

/** True for the same place in the same log. */
export function isSameCursor(one: Cursor, other: Cursor): boolean {
	return one.epoch === other.epoch && one.seq === other.seq && one.check === other.check;
}
