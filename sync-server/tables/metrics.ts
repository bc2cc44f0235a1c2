import type { AttemptKey } from './attempts.ts';

/** The points of one key that one attempt reported, in order of arrival. */
export interface AttemptPoints {
	readonly attempt: number;
	readonly steps: Float64Array;
	readonly values: Float64Array;
}

/** What runs print: their logs and their metrics. Both come in pieces that may come twice. */
export interface MetricsTable {
	/**
	 * Adds a piece of an attempt's log and answers where the next piece begins. A sequence number that is known
	 * is passed over; a piece that does not begin where the log ends adds nothing. Throws `superseded`.
	 */
	appendLog(
		key: AttemptKey,
		piece: { sequence: number; offset: number; data: Uint8Array },
	): Promise<{ next: number; nextSequence: number }>;
	/** Bytes of the run's log (all its attempts, one after the other) from a position on. */
	readLog(run: string, from: number, limit: number): Promise<Uint8Array>;
	/**
	 * Adds bytes of one metrics file and answers how many of it are kept; lines that are no metrics are
	 * passed over. Bytes that are there already are skipped. Throws `superseded`.
	 */
	append(
		key: AttemptKey,
		piece: { file: string; offset: number; data: Uint8Array },
	): Promise<{ next: number; points: number }>;
	/** Nothing more comes from the attempt: a last line without its end counts as a line. */
	close(key: AttemptKey): Promise<void>;
	keys(run: string): Promise<string[]>;
	points(run: string, key: string): Promise<AttemptPoints[]>;
}
