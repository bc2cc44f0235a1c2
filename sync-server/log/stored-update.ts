/** One change as it is kept: the effective update, who sent it, through which Yjs client, and when (S6). */
export interface LoggedUpdate {
	readonly user: string;
	/** The Yjs client that wrote it; null where it only deletes. */
	readonly client: number | null;
	/** Milliseconds since the epoch, by the server's clock. */
	readonly at: number;
	/** A Yjs update, v1. */
	readonly data: Uint8Array;
}

export interface StoredUpdate extends LoggedUpdate {
	readonly seq: number;
}
