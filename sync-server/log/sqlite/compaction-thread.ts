import { gzipSync } from 'node:zlib';
import { letGoOfJob } from '../../give-back.ts';
import type { ArchivePiece } from '../archive-piece.ts';
import { foldDocument, moveBase, type FoldedDocument } from '../fold-document.ts';
import { serveCalls } from '../../threads/serve-calls.ts';

/** A fold ready to be written: its snapshot gzipped, and how large that was before. */
export interface PackedFold extends Omit<FoldedDocument, 'snapshot'> {
	readonly data: Uint8Array;
	readonly snapshotBytes: number;
}

/** What is computed beside the log, so that no commit waits for it. */
const compaction = {
	/** A snapshot that was proven to say the same as what it was made from, and what is kept beside it. */
	fold(...given: Parameters<typeof foldDocument>): PackedFold {
		const { snapshot, ...kept } = foldDocument(...given);
		return { ...kept, data: zipped(snapshot), snapshotBytes: snapshot.length };
	},
	/** A base that was proven to say the same as the one before it and these pieces; v2, gzipped. */
	moveBase(
		name: string,
		base: Uint8Array | undefined,
		pieces: readonly ArchivePiece[],
	): Uint8Array {
		return zipped(moveBase(name, base, pieces));
	},
};
export type CompactionMethods = typeof compaction;

serveCalls(compaction, { answered: letGoOfJob });

function zipped(bytes: Uint8Array): Uint8Array {
	return new Uint8Array(gzipSync(bytes));
}
