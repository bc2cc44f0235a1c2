import type { Tables } from '../tables/tables.ts';

/** How many items are computed in one transaction: other commands wait for one such piece at most. */
const itemsAtOnce = 500;

/** Computes where all items of a project stand, after a rule changed: whether its answers are reviewed. */
export async function standAgain(tables: Pick<Tables, 'items'>, project: string): Promise<void> {
	for (let after: number | undefined = 0; after !== undefined;)
		after = await tables.items.standAgain({ project, after, limit: itemsAtOnce });
}
