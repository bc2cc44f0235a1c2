import type { Browser } from '@playwright/test';
import type { Flywheel } from '../support/flywheel.ts';
import { makeWeather } from '../support/weather.ts';
import { join, type Person } from './people.ts';

interface TwoAtOneBatch {
	readonly project: string;
	/** All items of the project; both are in it. */
	readonly batch: string;
	readonly lars: Person;
	readonly lisa: Person;
}

/** A project about the weather of so many days, and two labelers at one batch of all of them. */
export async function twoAtOneBatch(
	browser: Browser,
	flywheel: Flywheel,
	days: number,
	...tools: readonly object[]
): Promise<TwoAtOneBatch> {
	const project = await makeWeather(flywheel, days, ...tools);
	const lars = await join(browser, flywheel, { project, name: 'Lars', role: 'labeler' });
	const lisa = await join(browser, flywheel, { project, name: 'Lisa', role: 'labeler' });
	const choose = { by: 'oldest', count: days };
	const [batch] = await flywheel.makeBatches(project, { choose, members: ['lars', 'lisa'] });
	return { project, batch, lars, lisa };
}
