import { Offline, type Api } from '#app/net/api.ts';
import { loadPacket } from '#app/media/keep-batch.ts';
import type { Replica } from '#app/replica/database.ts';

/** Below this many items left on the desk the next batch is fetched. */
export const prepareBelow = 50;

/**
 * The batch to go on with after `current`: one of mine that waits, else one newly taken from the pool, with
 * its packet on this device. Undefined when there is none, or no way to ask.
 */
export async function nextBatch(
	replica: Replica,
	api: Api,
	{
		project,
		me,
		current,
	}: { readonly project: string; readonly me: string; readonly current: string },
): Promise<string | undefined> {
	const waiting = await replica.batches
		.where('project')
		.equals(project)
		.filter(
			({ id, state, members, submitted, size }) =>
				id !== current && state === 'open' && members.includes(me) && submitted < size,
		)
		.first();
	try {
		const batch =
			waiting?.id ??
			(
				await api.post<{ batch: string }>(`/api/projects/${project}/batches/take`, {
					besides: [current],
				})
			).batch;
		await loadPacket(replica, api, batch);
		return batch;
	} catch (error) {
		// An empty pool and a missing network are no failures: there simply is no next batch here now.
		if (error instanceof Offline || (error as { code?: string }).code === 'no_items')
			return undefined;
		throw error;
	}
}
