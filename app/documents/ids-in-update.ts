import * as Y from 'yjs';

/** Tells which Yjs ids an update writes or deletes. */
export function idsInUpdate(update: Uint8Array): (id: Y.ID) => boolean {
	const { structs, ds } = Y.decodeUpdate(update);
	return (id) =>
		structs.some(
			(struct) =>
				struct.id.client === id.client &&
				id.clock >= struct.id.clock &&
				id.clock < struct.id.clock + struct.length,
		) ||
		(ds.clients.get(id.client) ?? []).some(
			({ clock, len }) => id.clock >= clock && id.clock < clock + len,
		);
}
