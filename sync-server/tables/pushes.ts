/** A push of `train/*` that was let in: it owes a run until it is settled. */
export interface OwedPush {
	/** Of this push and this reference alone; the same commit pushed again has another. */
	readonly id: string;
	readonly project: string;
	/** `refs/heads/train/<name>` */
	readonly ref: string;
	readonly commit: string;
	readonly by: string;
	readonly at: string;
}

/**
 * What pushes still owe. Written before a reference moves and taken away once its run exists, so that
 * no crash between the two loses a run.
 */
export interface PushesTable {
	add(pushes: readonly OwedPush[]): Promise<void>;
	settle(id: string): Promise<void>;
	/** Oldest first. */
	list(): Promise<OwedPush[]>;
}
