import * as Y from 'yjs';
import { splitUpdate } from '#shared/wire/split-update.ts';
import { readDocument, type StoredState } from '../../log/compact-document.ts';
import { serveCalls } from '../../log/serve-calls.ts';

/** So much of a document is told at once; who takes it gets the next part. */
const partBytes = 2 * 1024 * 1024;

/** A part of what someone lacks, as updates of bounded size, and what they have when they took it. */
export interface Difference {
	readonly pieces: readonly Uint8Array[];
	readonly stateVector: Uint8Array;
	/** Nothing comes after it. */
	readonly isLast: boolean;
}

const reading = {
	/** A document as updates of bounded size, in the order in which they are applied. */
	pieces(name: string, state: StoredState): Uint8Array[] {
		return splitUpdate(Y.encodeStateAsUpdate(readDocument(name, state)));
	},
	/** The first part of what someone with a state vector lacks. */
	difference(name: string, state: StoredState, stateVector: Uint8Array): Difference {
		const document = readDocument(name, state);
		const pieces = splitUpdate(Y.encodeStateAsUpdate(document, stateVector));
		return firstPart(pieces, stateVector);
	},
};
export type ReadMethods = typeof reading;

/** The deletions at the end change no state vector: they all go with the last part. */
function firstPart(pieces: readonly Uint8Array[], stateVector: Uint8Array): Difference {
	const clocks = Y.decodeStateVector(stateVector);
	let bytes = 0;
	let count = 0;
	for (const piece of pieces) {
		const { to } = Y.parseUpdateMeta(piece);
		if (to.size === 0 || bytes > partBytes) break;
		for (const [client, clock] of to) clocks.set(client, clock);
		bytes += piece.length;
		count++;
	}
	const isLast = pieces.slice(count).every((piece) => Y.parseUpdateMeta(piece).to.size === 0);
	return {
		pieces: isLast ? pieces : pieces.slice(0, count),
		stateVector: Y.encodeStateVector(clocks),
		isLast,
	};
}

serveCalls(reading, () => undefined);
