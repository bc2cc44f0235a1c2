import { packUpdates, unpackUpdates, type ArchivePiece } from './archive-piece.ts';
import { authorsOf, type AuthorRange } from './authors.ts';
import { compactDocument } from './compact-document.ts';
import type { StoredUpdate } from './stored-update.ts';

/** What becomes of updates that are folded. */
export interface FoldedDocument {
	/** The document with them, v2. */
	readonly snapshot: Uint8Array;
	/** The updates themselves, packed; absent where no history is kept. */
	readonly pieces?: readonly ArchivePiece[];
	/** Who brought what of them. */
	readonly authors: readonly AuthorRange[];
}

/** Folds updates into the snapshot before them. Throws where anything it made does not say the same (S8). */
export function foldDocument(
	name: string,
	{
		snapshot,
		updates,
		keepsHistory,
	}: {
		readonly snapshot?: Uint8Array | undefined;
		readonly updates: readonly StoredUpdate[];
		readonly keepsHistory: boolean;
	},
): FoldedDocument {
	return {
		snapshot: compactDocument(name, { snapshot, updates }),
		...(keepsHistory && { pieces: packUpdates(updates) }),
		authors: authorsOf(updates),
	};
}

/** The document up to the last of these pieces (v2): what takes the place of a base and the oldest pieces after it. */
export function moveBase(
	name: string,
	base: Uint8Array | undefined,
	pieces: readonly Pick<ArchivePiece, 'seq' | 'data'>[],
): Uint8Array {
	return compactDocument(name, { snapshot: base, updates: pieces.flatMap(unpackUpdates) });
}
