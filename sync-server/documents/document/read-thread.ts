import * as Y from 'yjs';
import { piecesOf, splitUpdate } from '#shared/wire/split-update.ts';
import { letGoOfJob } from '../../give-back.ts';
import { readDocument, type StoredState } from '../../log/compact-document.ts';
import { serveCalls } from '../../threads/serve-calls.ts';

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
		return firstPart(piecesOf(Y.encodeStateAsUpdate(document, stateVector)), stateVector);
	},
};
export type ReadMethods = typeof reading;

/**
 * No more pieces are made than are told. The deletions at the end change no state vector: they all go with
 * the last part.
 */
function firstPart(pieces: Iterable<Uint8Array | undefined>, stateVector: Uint8Array): Difference {
	const clocks = Y.decodeStateVector(stateVector);
	const told: Uint8Array[] = [];
	let bytes = 0;
	let isLast = true;
	for (const piece of pieces) {
		if (!piece) continue; // the next one is not ready
		const { to } = Y.parseUpdateMeta(piece);
		isLast = to.size === 0 || bytes <= partBytes;
		if (!isLast) break;
		for (const [client, clock] of to) clocks.set(client, clock);
		bytes += piece.length;
		told.push(piece);
	}
	return { pieces: told, stateVector: Y.encodeStateVector(clocks), isLast };
}

serveCalls(reading, { answered: letGoOfJob });
