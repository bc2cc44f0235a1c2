import { samples } from '../samples/samples.ts';
import { seedSamples } from '../samples/seed.ts';
import { ownerId, type Served } from '../serve.ts';

/**
 * Creates the sample projects at a first start, in the background; a start that was cut short is finished
 * by the next one. Returns what stops it.
 */
export async function startFirstSamples(
	served: Served,
	wanted: boolean,
	onFault: (error: unknown) => void,
): Promise<() => Promise<void>> {
	const { settings } = served.tables;
	const plan = await settings.getOrPut('samples', wanted ? 'wanted' : 'none');
	if (!wanted || plan !== 'wanted') return () => Promise.resolve();
	const stop = new AbortController();
	const seeding = seedSamples(samples, { ...served, by: ownerId, signal: stop.signal })
		.then(() => settings.put('samples', 'done'))
		.catch((error: unknown) => {
			if (!stop.signal.aborted) onFault(error);
		});
	return async () => {
		stop.abort();
		await seeding;
	};
}
