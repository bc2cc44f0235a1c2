import * as Y from 'yjs';
import type { StoredDocument, UpdatesSince } from './update-log.ts';

/** No more than this is told of a document to who has nothing of it, neither of its snapshot nor of what follows. */
export const wholeLimitBytes = 64 * 1024;

/** All of a small document, as updates; undefined where it is not small. */
export function wholeDocument(stored: StoredDocument): UpdatesSince | undefined {
	const { epoch, head, headCheck, snapshot, updates, bytes } = stored;
	if (Math.max(bytes, snapshot?.length ?? 0) > wholeLimitBytes) return undefined;
	const before = snapshot ? [Y.convertUpdateFormatV2ToV1(snapshot)] : [];
	return {
		updates: [...before, ...updates.map(({ data }) => data)],
		cursor: { epoch, seq: head, check: headCheck },
	};
}
