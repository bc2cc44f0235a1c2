import { sha256Hex } from '#shared/numbers/hash.ts';

/** The things in the order of `sha256(seed + ":" + id)`: random, and the same on every machine. */
export function seededOrder<T extends { readonly id: string }>(
	seed: string,
	things: readonly T[],
): T[] {
	return things
		.map((thing) => ({ thing, rank: sha256Hex(`${seed}:${thing.id}`) }))
		.sort((a, b) => (a.rank < b.rank ? -1 : 1))
		.map(({ thing }) => thing);
}
