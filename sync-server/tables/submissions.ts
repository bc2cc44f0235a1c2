import type { LateEntry, ReviewEntry } from '#shared/api/replies.ts';
import type { Submitted, VerdictValue } from '#shared/corpus/submission.ts';

/** A submission as its document holds it; who wrote it and when it came is what the log says. */
export interface ProjectedSubmission {
	readonly id: string;
	readonly value: Submitted;
	readonly user: string;
	readonly receivedAt: string;
}

export interface ProjectedVerdict {
	readonly item: string;
	readonly submission: string;
	readonly value: VerdictValue;
	readonly user: string;
}

/** Something in a document that the tables do not take in, for the log. */
export interface Passed {
	readonly key: string;
	readonly reason: string;
}

export interface SubmissionsTable {
	/** How far the document's log has been projected; 0 for one that never was. */
	watermark(document: string): Promise<number>;
	/** The same of every document that was. */
	allWatermarks(): Promise<{ document: string; seq: number }[]>;
	/** Takes the watermark of a document back: its log was put back to an older state. */
	rewind(document: string, seq: number): Promise<void>;
	/**
	 * Takes in what a document's log brought up to `upTo`: the corpus of the items concerned and the
	 * watermark move in the same transaction. Again, or in another order, is harmless.
	 */
	project(change: {
		document: string;
		project: string;
		batch: string;
		upTo: number;
		submissions: readonly ProjectedSubmission[];
		verdicts: readonly ProjectedVerdict[];
	}): Promise<{ passed: Passed[] }>;
	/** Items that wait for a verdict, were returned, or are to be settled, in order of arrival. */
	review(request: {
		project: string;
		state: 'waiting' | 'returned' | 'settle';
		batch?: string | undefined;
		after: number;
		limit: number;
	}): Promise<{ entries: ReviewEntry[]; next?: string; total: number }>;
	/** What came after its batch was closed and was not taken in, also what was set aside; oldest first. */
	late(request: {
		project: string;
		batch?: string | undefined;
		after?: string | undefined;
		limit: number;
	}): Promise<{ late: LateEntry[]; next?: string; total: number }>;
	/**
	 * Takes a late submission in, or sets it aside: then it is withdrawn, with the reason kept, and can still
	 * be taken in. Throws not_found, and conflict where it counts already.
	 */
	decideLate(decision: {
		project: string;
		submission: string;
		isTaken: boolean;
		reason?: string | undefined;
		by: string;
		at: string;
	}): Promise<void>;
}
