import * as Y from 'yjs';
import { hasPending, newDocument, readDocument } from '../../log/compact-document.ts';
import { UnreadableDocument, type StoredDocument } from '../../log/update-log.ts';
import { limits } from '../gate/limits.ts';
import type { ReadAside } from './read-aside.ts';
import type { Turns } from '../turns.ts';

/**
 * A document in memory as it is on disk; a large one is read in a thread and taken up piece by piece, with
 * others in between. Rejects with UnreadableDocument when what is on disk makes no document (S3).
 */
export async function readStored(
	path: string,
	stored: StoredDocument,
	{ readAside, turns }: { readonly readAside: ReadAside; readonly turns: Turns },
): Promise<Y.Doc> {
	const bytes = (stored.snapshot?.length ?? 0) + stored.bytes;
	if (bytes <= limits.mainThreadStoredBytes) return readDocument(path, stored);
	const document = newDocument(path);
	for (const piece of await piecesOf(path, stored, readAside)) {
		await turns.next();
		Y.applyUpdate(document, piece);
	}
	if (hasPending(document)) throw new UnreadableDocument(path, 'an update it needs is missing');
	return document;
}

async function piecesOf(
	path: string,
	stored: StoredDocument,
	readAside: ReadAside,
): Promise<readonly Uint8Array[]> {
	try {
		return await readAside.pieces(path, stored);
	} catch (cause) {
		throw new UnreadableDocument(path, 'it could not be read', { cause });
	}
}
