import { z } from 'zod';

/** What somebody has under their hands, on the item on screen. */
const selectionShape = z.discriminatedUnion('kind', [
	/** A part of a shown text: UTF-16 offsets over the exact string. */
	z.object({
		kind: z.literal('text'),
		field: z.string().max(64),
		from: z.int().min(0),
		to: z.int().min(0),
	}),
	/** The question that is being answered. */
	z.object({ kind: z.literal('question'), tool: z.string().max(64) }),
	/** A note is being written. */
	z.object({ kind: z.literal('note') }),
]);
export type PeerSelection = z.infer<typeof selectionShape>;

const selfShape = z.object({
	user: z.string().max(64),
	name: z.string().max(200),
	/** The item on screen. */
	item: z.string().max(128).nullable(),
	/** Null where nothing is, or what it is this version does not know. */
	selection: selectionShape.nullable().catch(null),
});
/** Where somebody is in a batch. */
export type SelfState = z.infer<typeof selfShape>;

/** Somebody else, with the client they are there with. */
export interface PeerState extends SelfState {
	readonly client: number;
}

/** Reads what others say about themselves; whoever sends something else is not shown. */
export function readPeers(
	states: ReadonlyMap<number, unknown>,
	self: { readonly client: number; readonly user: string },
): PeerState[] {
	return [...states].flatMap(([client, value]) => {
		const state = client === self.client ? undefined : selfShape.safeParse(value).data;
		return state && state.user !== self.user ? [{ client, ...state }] : [];
	});
}
