import * as Y from 'yjs';
import { limits } from './limits.ts';

/** What an update adds: its new items in an order in which each finds what it builds on. */
interface NewItems {
	readonly kind: 'items';
	readonly items: readonly Y.Item[];
	/** Where the clock of each client of the update will stand. */
	readonly clocks: ReadonlyMap<number, number>;
}
export type Integration =
	NewItems | { readonly kind: 'gap' } | { readonly kind: 'malformed' } | { readonly kind: 'limit' };

type Struct = Y.Item | Y.GC | Y.Skip;

/** The structs of an update, and in how many blocks they came: one for each client. */
interface DecodedStructs {
	readonly structs: readonly Struct[];
	readonly blocks: number;
}

/**
 * Walks the structs of an update as Yjs would integrate them, without touching the document: clocks per
 * client without holes, every origin known before it is needed. What Yjs would keep as pending (a bomb of
 * 100,000 of them hung it for over 20 s) is a gap here, and nothing of the update is applied.
 */
export function integrationOrder(
	{ structs, blocks }: DecodedStructs,
	store: Y.Doc['store'],
): Integration {
	if (structs.length > limits.structs) return { kind: 'limit' };
	const byClient = groupByClient(structs);
	// Of two blocks of one client Yjs would take the second alone.
	if (byClient?.size !== blocks) return { kind: 'malformed' };
	if (byClient.size > limits.clients) return { kind: 'limit' };

	const clocks = new Map<number, number>();
	const fresh = new Map<number, Y.Item[]>();
	let advance = 0;
	for (const [client, ofClient] of byClient) {
		const known = Y.getState(store, client);
		let clock = known;
		for (const struct of ofClient) {
			const end = struct.id.clock + struct.length;
			if (struct instanceof Y.Skip) continue;
			if (end <= known) {
				// Yjs looks for what it builds on even where it has the item itself.
				if (struct instanceof Y.Item && !standsOnKnown(struct, store)) return { kind: 'malformed' };
				continue;
			}
			if (struct.id.clock > clock) return { kind: 'gap' };
			// Root types are never deleted, so an honest client never makes a GC struct; and eleven bytes of
			// one can move a clock by four billion.
			if (!(struct instanceof Y.Item)) return { kind: 'malformed' };
			clock = end;
			const list = fresh.get(client);
			if (list) list.push(struct);
			else fresh.set(client, [struct]);
		}
		advance += clock - known;
		clocks.set(client, clock);
	}
	if (advance > limits.clockAdvance) return { kind: 'limit' };
	return order(fresh, clocks, store);
}

/** What an item of the document names is in the document, too; only a forged one names something else. */
function standsOnKnown(item: Y.Item, store: Y.Doc['store']): boolean {
	return [item.origin, item.rightOrigin, item.parent as unknown].every(
		(id) => !(id instanceof Y.ID) || id.clock < Y.getState(store, id.client),
	);
}

/** Undefined where a client comes twice, clocks do not follow each other or a struct is empty: no encoder writes that. */
function groupByClient(structs: readonly Struct[]): Map<number, Struct[]> | undefined {
	const byClient = new Map<number, Struct[]>();
	let current: { client: number; structs: Struct[] } | undefined;
	for (const struct of structs) {
		const { client, clock } = struct.id;
		if (struct.length < 1 || !Number.isSafeInteger(clock + struct.length)) return undefined;
		if (current?.client !== client) {
			if (byClient.has(client)) return undefined;
			current = { client, structs: [] };
			byClient.set(client, current.structs);
		}
		const last = current.structs.at(-1);
		if (last && last.id.clock + last.length !== clock) return undefined;
		current.structs.push(struct);
	}
	return byClient;
}

function order(
	fresh: ReadonlyMap<number, readonly Y.Item[]>,
	clocks: ReadonlyMap<number, number>,
	store: Y.Doc['store'],
): Integration {
	const items: Y.Item[] = [];
	const next = new Map<number, number>();
	const reached = new Map<number, number>();
	const waiting = new Map<number, number[]>();
	const clockOf = (client: number): number => reached.get(client) ?? Y.getState(store, client);
	const ready = [...fresh.keys()];
	let client: number | undefined;
	while ((client = ready.pop()) !== undefined) {
		const list = fresh.get(client)!;
		let index = next.get(client) ?? 0;
		for (; index < list.length; index++) {
			const item = list[index]!;
			const missing = missingClient(item, clockOf);
			if (missing !== undefined) {
				if (isBeyond(item, clocks, store)) return { kind: 'gap' };
				const others = waiting.get(missing);
				if (others) others.push(client);
				else waiting.set(missing, [client]);
				break;
			}
			items.push(item);
			reached.set(client, item.id.clock + item.length);
			const others = waiting.get(client);
			if (others) {
				waiting.delete(client);
				ready.push(...others);
			}
		}
		next.set(client, index);
	}
	// Items that wait for each other in a circle: no history makes them.
	const isWhole = [...fresh].every(([id, list]) => next.get(id) === list.length);
	return isWhole ? { kind: 'items', items, clocks } : { kind: 'malformed' };
}

/** The client whose items must come first, by the same rule as Yjs. */
function missingClient(item: Y.Item, clockOf: (client: number) => number): number | undefined {
	for (const id of [item.origin, item.rightOrigin])
		if (id && id.client !== item.id.client && id.clock >= clockOf(id.client)) return id.client;
	return undefined;
}

function isBeyond(
	item: Y.Item,
	clocks: ReadonlyMap<number, number>,
	store: Y.Doc['store'],
): boolean {
	return [item.origin, item.rightOrigin].some(
		(id) => id !== null && id.clock >= (clocks.get(id.client) ?? Y.getState(store, id.client)),
	);
}
