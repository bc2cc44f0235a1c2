import { z } from 'zod';

const selfShape = z.object({
	user: z.string().max(64),
	name: z.string().max(200),
	/** The item on screen. */
	item: z.string().max(128).nullable(),
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
