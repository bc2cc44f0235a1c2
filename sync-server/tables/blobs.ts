/** A blob as one project knows it. Without such a row its bytes do not exist for the project. */
export interface BlobRecord {
	readonly project: string;
	readonly sha256: string;
	readonly sizeBytes: number;
	/** What its first bytes say it is; `application/octet-stream` when they say nothing. */
	readonly type: string;
	readonly at: string;
}

export interface BlobsTable {
	/** Opens a blob, whose bytes were sent whole, to a project. Again is harmless. */
	add(blob: BlobRecord): Promise<void>;
	find(project: string, sha256: string): Promise<BlobRecord | undefined>;
	/** Of these hashes those that the project has. */
	findMany(project: string, hashes: readonly string[]): Promise<BlobRecord[]>;
	/** True when the blob is in an item of a batch that the person is a member of. */
	isShownTo(request: { project: string; sha256: string; user: string }): Promise<boolean>;
}
