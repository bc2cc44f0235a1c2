import type { KeptFile } from '#shared/api/runner-protocol.ts';

/** What runs need of a project's repository. */
export interface RunRepository {
	/** Bytes of a file at a commit; undefined where the commit has no such file. */
	readFile(project: string, commit: string, path: string): Promise<Uint8Array | undefined>;
	/** First line of a commit's message. */
	subjectOf(project: string, commit: string): Promise<string>;
	/** Paths of every file of a commit below a folder (`items/`). */
	listFiles(project: string, commit: string, folder: string): Promise<string[]>;
	/** Opens a reader of many files (`<commit>:<path>`); the caller closes it. */
	objects(project: string): {
		file(name: string): Promise<Uint8Array | undefined>;
		close(): Promise<void>;
	};
	/** The newest commit of `datasets/<name>`. */
	resolveData(project: string, name: string): Promise<string | undefined>;
	/** Puts kept files, whose bytes are in the blob store, on top of `model/<name>`. */
	commitModel(model: {
		project: string;
		name: string;
		codeCommit: string;
		files: readonly KeptFile[];
		message: string;
	}): Promise<{ branch: string; commit: string }>;
}
