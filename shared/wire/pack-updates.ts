import * as Y from 'yjs';

const packBytes = 16 * 1024;

/**
 * The same updates, in their order, in fewer: small ones that follow each other are merged, as long as
 * that stays cheap. A large one stays by itself.
 */
export function packUpdates(updates: readonly Uint8Array[], limitBytes = packBytes): Uint8Array[] {
	const packed: Uint8Array[] = [];
	let pack: Uint8Array[] = [];
	let bytes = 0;
	const close = (): void => {
		if (pack.length > 0) packed.push(pack.length === 1 ? pack[0]! : Y.mergeUpdates(pack));
		pack = [];
		bytes = 0;
	};
	for (const update of updates) {
		if (bytes + update.length > limitBytes) close();
		pack.push(update);
		bytes += update.length;
	}
	close();
	return packed;
}
