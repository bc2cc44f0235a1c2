import * as Y from 'yjs';
import { authoredMaps, isTextRoot } from '#shared/wire/document-shape.ts';
import {
	encodingBlock,
	structsBetween,
	updateOf,
	type DeletedRange,
} from '#shared/wire/encode-state.ts';

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
 *
 * Done bit by bit, for who does something else in between; of what is written meanwhile nothing is brought.
 */
export function* findingRecoverable(
	doc: Y.Doc,
	server: LossySide,
): Generator<undefined, Recoverable> {
	const roots = rootsOf(doc);
	const knownTo = (client: number): number => server.clocks.get(client) ?? 0;
	/** How far each client is now; what comes later is none of this. */
	const present = Y.decodeStateVector(Y.encodeStateVector(doc));
	const ends = new Map<number, number>();
	for (const [client, end] of present)
		ends.set(client, server.mayBring(client) ? end : knownTo(client));
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
			const from = knownTo(client);
			const taken = yield* findingEnd(doc, { client, from, end }, canTake);
			if (taken === end) continue;
			ends.set(client, Math.max(taken, from));
			hasChanged = true;
		}
	}

	const isOwnHeldBack = [...ends].some(
		([client, end]) =>
			server.isOwn(client) && Math.max(end, knownTo(client)) < present.get(client)!,
	);
	const update = yield* encoding(doc, { present, ends, knownTo, roots, server });
	return { update, isOwnHeldBack };
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

interface Stretch {
	readonly client: number;
	readonly from: number;
	readonly end: number;
}

/** Where the first struct of a stretch begins that cannot be taken; its end where all can. */
function* findingEnd(
	doc: Y.Doc,
	{ client, from, end }: Stretch,
	canTake: (struct: Y.Item | Y.GC) => boolean,
): Generator<undefined, number> {
	for (const structs of structsBetween(doc, client, from, end)) {
		const held = structs.find((struct) => !canTake(struct));
		if (held) return held.id.clock;
		yield;
	}
	return end;
}

interface Chosen {
	/** How far each client is on this device. */
	readonly present: ReadonlyMap<number, number>;
	readonly ends: ReadonlyMap<number, number>;
	readonly knownTo: (client: number) => number;
	readonly roots: ReadonlyMap<unknown, string>;
	readonly server: LossySide;
}

/** An update (v1): the structs of each client from where the server stands, then what was deleted. */
function* encoding(doc: Y.Doc, chosen: Chosen): Generator<undefined, Uint8Array | undefined> {
	const { ends, knownTo } = chosen;
	const clients = [...ends]
		.filter(([client, end]) => end > knownTo(client))
		.sort(([one], [other]) => other - one);
	const blocks = [];
	for (const [client, end] of clients)
		blocks.push(yield* encodingBlock(doc, client, knownTo(client), end));
	const deleted = yield* findingDeleted(doc, chosen);
	return blocks.length === 0 && deleted.size === 0 ? undefined : updateOf(blocks, deleted);
}

/**
 * What was taken away and the server still shows. An entry that was written over is taken away by what came
 * in its place; entries that only their authors change are never taken away.
 */
function* findingDeleted(
	doc: Y.Doc,
	chosen: Chosen,
): Generator<undefined, Map<number, DeletedRange[]>> {
	const { present, ends, knownTo } = chosen;
	const deleted = new Map<number, DeletedRange[]>();
	for (const [client, end] of ends) {
		const reach = Math.min(Math.max(end, knownTo(client)), present.get(client)!);
		const ranges: DeletedRange[] = [];
		for (const structs of structsBetween(doc, client, 0, reach)) {
			for (const struct of structs) {
				if (!isDeletedHere(doc, struct, chosen)) continue;
				const { clock } = struct.id;
				ranges.push({ clock, endClock: Math.min(clock + struct.length, reach) });
			}
			yield;
		}
		if (ranges.length > 0) deleted.set(client, ranges);
	}
	return deleted;
}

function isDeletedHere(
	doc: Y.Doc,
	struct: Y.Item | Y.GC,
	{ roots, server }: Chosen,
): struct is Y.Item {
	if (!struct.deleted || !(struct instanceof Y.Item)) return false;
	const root = roots.get(struct.parent);
	if (root === undefined || authoredMaps.includes(root)) return false;
	const { parentSub } = struct;
	if (parentSub !== null && doc.getMap(root)._map.get(parentSub) !== struct) return false;
	return !isDeletedAt(server, struct);
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
