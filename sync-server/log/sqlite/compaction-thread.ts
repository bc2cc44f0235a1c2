import { gzipSync } from 'node:zlib';
import { compactDocument, type StoredState } from '../compact-document.ts';
import { serveCalls } from '../serve-calls.ts';

/** What is computed beside the log, so that no commit waits for it. */
const compaction = {
	/** A snapshot (v2, gzipped) that was proven to say the same, and its size before the gzip. */
	compact(name: string, state: StoredState): { data: Uint8Array; snapshotBytes: number } {
		const snapshot = compactDocument(name, state);
		return { data: new Uint8Array(gzipSync(snapshot)), snapshotBytes: snapshot.length };
	},
};
export type CompactionMethods = typeof compaction;

serveCalls(compaction, () => undefined);
