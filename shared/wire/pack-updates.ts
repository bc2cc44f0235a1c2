import * as Y from 'yjs';

const packBytes = 16 * 1024;

/**
 * The same updates, in their order, in fewer: small ones that follow each other are merged, as long as
 * that stays cheap. A large one stays by itself.
 */
export function packUpdates(updates: readonly Uint8Array[], limitBytes = packBytes): Uint8Array[] {
	return [...packingUpdates(updates, limitBytes)];
}

/** The same, one at a time: each step merges a few. */
export function* packingUpdates(
	updates: readonly Uint8Array[],
	limitBytes: number,
): Generator<Uint8Array, void> {
	let pack: Uint8Array[] = [];
	let bytes = 0;
	for (const update of updates) {
		if (pack.length > 0 && bytes + update.length > limitBytes) {
			yield merged(pack);
			pack = [];
			bytes = 0;
		}
		pack.push(update);
		bytes += update.length;
	}
	if (pack.length > 0) yield merged(pack);
}

function merged(pack: readonly Uint8Array[]): Uint8Array {
	return pack.length === 1 ? pack[0]! : Y.mergeUpdates([...pack]);
}
