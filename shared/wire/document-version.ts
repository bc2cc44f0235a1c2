/**
 * The version of what is written into documents. A client says its own in the address (`?version=1`); one
 * that says none, like a stock client, counts as the oldest.
 *
 * A change of what documents hold raises `documentVersion`. Where an older client would damage what a newer
 * one writes, `leastWriters` has at the new version the least one that may write beside it: from then on
 * documents that a newer client has written take nothing from older ones, which go on reading and keep what
 * they have not sent until they are updated.
 */
export const documentVersion = 1;
const oldestVersion = 0;

/** At each version, the least one that may write a document which a client of that version has written. */
export type LeastWriters = readonly number[];
export const leastWriters: LeastWriters = [0, 0];

/** The least version that may write after a client of `version` did. What is newer than the table counts as its newest. */
export function leastWriterBeside(version: number, table: LeastWriters = leastWriters): number {
	return table[Math.min(version, table.length - 1)] ?? oldestVersion;
}

/** Reads the version of an address; the oldest for anything else. */
export function parseVersion(text: string | null): number {
	return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : oldestVersion;
}
