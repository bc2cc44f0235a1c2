import type { Access, BatchState } from '#shared/access/access.ts';
import type { DocumentName } from '#shared/wire/document-name.ts';

/** How someone stands to a document now. */
export interface Standing {
	readonly access: Access;
	readonly state: BatchState;
	readonly isBlind: boolean;
}

/** Knows which documents there are, because it knows the batches (S4), and what a person may do with them. */
export interface Directory {
	/** Undefined where the batch does not exist or the person may not know of it: nobody can tell which. */
	find(user: string, name: DocumentName): Promise<Standing | undefined>;
	/**
	 * How the names begin of all documents that the person may read: `<project>/` where they read the whole of
	 * it, `<project>/<batch>/` for single batches; in one order.
	 */
	reach(user: string): Promise<readonly string[]>;
}
