import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { authoredMaps, isTextRoot } from '#shared/wire/document-shape.ts';

/** What the server holds of a document that lost something, and whose it is. */
export interface LossySide {
	/** How far it is with each Yjs client. */
	readonly clocks: ReadonlyMap<number, number>;
	/** Its state, where that is known; without it only the clocks say what it has. */
	readonly state?: Y.Doc;
	/** False for what it would never take from us. */
	readonly mayBring: (client: number) => boolean;
	/** True for our own client ids. */
	readonly isOwn: (client: number) => boolean;
}

export interface Recoverable {
	/** What the server lacks and can take, as an update that builds on nothing else; undefined where that is nothing. */
	readonly update: Uint8Array | undefined;
	/** Something of what is ours has to wait: it builds on what may not be brought. */
	readonly isOwnHeldBack: boolean;
}

/**
 * What a document on this device has that the server lost, by the Yjs structs it was written with, so that
 * bringing it twice, or from two devices, is bringing it once. A client's structs are brought up to the first
 * one that the server could not take: what builds on something missing, or writes over an entry that somebody
 * else holds there. What comes after it stays for another time.
 */
export function recoverableUpdate(doc: Y.Doc, server: LossySide): Recoverable {
	const roots = rootsOf(doc);
	const knownTo = (client: number): number => server.clocks.get(client) ?? 0;
	const ends = new Map<number, number>();
	for (const client of doc.store.clients.keys())
		ends.set(client, server.mayBring(client) ? Y.getState(doc.store, client) : knownTo(client));
	const reaches = ({ client, clock }: Y.ID): boolean =>
		clock < Math.max(knownTo(client), ends.get(client) ?? 0);
	const canTake = (struct: Y.Item | Y.GC): boolean => {
		if (!(struct instanceof Y.Item)) return false;
		if ([struct.origin, struct.rightOrigin].some((id) => id !== null && !reaches(id))) return false;
		return !contradicts(struct, roots.get(struct.parent), server);
	};

	for (let hasChanged = true; hasChanged;) {
		hasChanged = false;
		for (const [client, end] of ends) {
			const held = structsBetween(doc, client, knownTo(client), end).find(
				(struct) => !canTake(struct),
			);
			if (!held) continue;
			ends.set(client, Math.max(held.id.clock, knownTo(client)));
			hasChanged = true;
		}
	}

	const isOwnHeldBack = [...ends].some(
		([client, end]) =>
			server.isOwn(client) && Math.max(end, knownTo(client)) < Y.getState(doc.store, client),
	);
	return { update: encode(doc, { ends, knownTo, roots, server }), isOwnHeldBack };
}

/** The names of the root types. What nobody read yet gets its type here, once. */
function rootsOf(doc: Y.Doc): ReadonlyMap<unknown, string> {
	return new Map(
		[...doc.share.keys()].map((name) => [
			isTextRoot(name) ? doc.getText(name) : doc.getMap(name),
			name,
		]),
	);
}

/** An entry that only its author changes stands there already, as somebody else's or as another one. */
function contradicts(item: Y.Item, root: string | undefined, server: LossySide): boolean {
	if (root === undefined || !authoredMaps.includes(root) || item.parentSub === null) return false;
	const present = server.state?.getMap(root)._map.get(item.parentSub);
	if (!present || present.id.client === item.id.client) return false;
	const isMine = server.isOwn(item.id.client) && server.isOwn(present.id.client);
	return !isMine || root === 'submitted';
}

function structsBetween(
	doc: Y.Doc,
	client: number,
	from: number,
	to: number,
): readonly (Y.Item | Y.GC)[] {
	if (from >= to) return [];
	const structs = doc.store.clients.get(client)!;
	const found: (Y.Item | Y.GC)[] = [];
	for (let index = Y.findIndexSS(structs, from); index < structs.length; index++) {
		const struct = structs[index]!;
		if (struct.id.clock >= to) break;
		found.push(struct);
	}
	return found;
}

interface Chosen {
	readonly ends: ReadonlyMap<number, number>;
	readonly knownTo: (client: number) => number;
	readonly roots: ReadonlyMap<unknown, string>;
	readonly server: LossySide;
}

/** An update (v1): the structs of each client from where the server stands, then what was deleted. */
function encode(doc: Y.Doc, chosen: Chosen): Uint8Array | undefined {
	const { ends, knownTo } = chosen;
	const clients = [...ends].filter(([client, end]) => end > knownTo(client));
	const deleted = deletedRanges(doc, chosen);
	if (clients.length === 0 && deleted.size === 0) return undefined;
	const encoder = new Y.UpdateEncoderV1();
	const out = encoder.restEncoder;
	encoding.writeVarUint(out, clients.length);
	for (const [client, end] of clients.sort(([one], [other]) => other - one)) {
		const from = knownTo(client);
		const structs = structsBetween(doc, client, from, end);
		encoding.writeVarUint(out, structs.length);
		encoder.writeClient(client);
		encoding.writeVarUint(out, from);
		for (const struct of structs) struct.write(encoder, Math.max(0, from - struct.id.clock));
	}
	encoding.writeVarUint(out, deleted.size);
	for (const [client, ranges] of deleted) {
		encoding.writeVarUint(out, client);
		encoding.writeVarUint(out, ranges.length);
		for (const [clock, length] of ranges) {
			encoding.writeVarUint(out, clock);
			encoding.writeVarUint(out, length);
		}
	}
	return encoder.toUint8Array();
}

/**
 * What was taken away and the server still shows. An entry that was written over is taken away by what came
 * in its place; entries that only their authors change are never taken away.
 */
function deletedRanges(
	doc: Y.Doc,
	{ ends, knownTo, roots, server }: Chosen,
): Map<number, [clock: number, length: number][]> {
	const ranges = new Map<number, [number, number][]>();
	for (const [client, end] of ends) {
		const reach = Math.max(end, knownTo(client));
		for (const struct of structsBetween(doc, client, 0, reach)) {
			if (!struct.deleted || !(struct instanceof Y.Item)) continue;
			const root = roots.get(struct.parent);
			if (root === undefined || authoredMaps.includes(root)) continue;
			const { parentSub } = struct;
			if (parentSub !== null && doc.getMap(root)._map.get(parentSub) !== struct) continue;
			if (isDeletedAt(server, struct)) continue;
			const length = Math.min(struct.length, reach - struct.id.clock);
			const ofClient = ranges.get(client);
			if (ofClient) ofClient.push([struct.id.clock, length]);
			else ranges.set(client, [[struct.id.clock, length]]);
		}
	}
	return ranges;
}

function isDeletedAt({ state }: LossySide, { id, length }: Y.Item): boolean {
	const structs = state?.store.clients.get(id.client);
	if (!structs || id.clock + length > Y.getState(state!.store, id.client)) return false;
	for (let index = Y.findIndexSS(structs, id.clock); index < structs.length; index++) {
		const struct = structs[index]!;
		if (struct.id.clock >= id.clock + length) break;
		if (!struct.deleted) return false;
	}
	return true;
}
