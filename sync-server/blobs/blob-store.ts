/** Bytes from `start` to `end`, both counted from 0, `end` not included. */
export interface ByteRange {
	readonly start: number;
	readonly end: number;
}

export interface KeptBlob {
	readonly sha256: string;
	readonly sizeBytes: number;
}

export type ByteStream = AsyncIterable<Uint8Array>;

/**
 * Bytes named by their SHA-256, each kept once. The store knows nothing of rights: who may see a blob is
 * said by `tables.blobs`, and every caller asks there first. What a promise here says is kept survives a
 * power cut.
 */
export interface BlobStore {
	/**
	 * Takes a whole blob. Throws `bad_hash` when the bytes do not have the SHA-256 they are sent under,
	 * `too_large` past the limit, `disk_full`; nothing is kept then.
	 */
	write(
		project: string,
		sha256: string | undefined,
		bytes: ByteStream,
		options?: { readonly limitBytes?: number; readonly signal?: AbortSignal },
	): Promise<KeptBlob>;
	/**
	 * Goes on with an upload in pieces at an offset and answers how far it is now. Throws `bad_offset`
	 * when the upload stands elsewhere. What arrived before a connection broke is kept.
	 */
	append(
		project: string,
		sha256: string,
		bytes: ByteStream,
		options: {
			readonly offset: number;
			readonly limitBytes?: number;
			readonly signal?: AbortSignal;
		},
	): Promise<number>;
	/** How many bytes of an unfinished upload are here; 0 without one. */
	uploadedBytes(project: string, sha256: string): Promise<number>;
	/** Turns a finished upload into a blob. Throws `bad_hash`, and forgets the upload, when its bytes are others. */
	finish(project: string, sha256: string): Promise<KeptBlob>;
	/** The bytes, or the part of them that was asked for; undefined for an unknown blob. */
	open(sha256: string, range?: ByteRange): Promise<ReadableStream<Uint8Array> | undefined>;
	sizeOf(sha256: string): Promise<number | undefined>;
	has(sha256: string): Promise<boolean>;
	/** Takes a blob away. Only for one that no table names any more. */
	remove(sha256: string): Promise<void>;
	/** Forgets uploads that nobody went on with for that long. Answers how many. */
	sweep(olderThanMs: number): Promise<number>;
}
