import type { Page } from 'playwright';
import type { TurnedWheel } from './turn-the-wheel.ts';

/** A page of the program, after the wheel was turned once. */
export interface ProgramPage {
	readonly name: string;
	readonly path: string;
	/** Waits until it shows what it is about. */
	readonly ready: (page: Page) => Promise<unknown>;
}

/** Every page that somebody signed in can open. */
export function pagesOf({
	project,
	batch,
	run,
	snapshot,
	item,
	drafted,
}: TurnedWheel): ProgramPage[] {
	const base = `/projects/${project}`;
	const text = (words: string | RegExp) => (page: Page) =>
		page.getByRole('main').getByText(words).filter({ visible: true }).first().waitFor();
	return [
		{ name: 'projects', path: '/projects', ready: text('2,972') },
		{ name: 'wheel', path: base, ready: text('held-out items') },
		{ name: 'data', path: `${base}/data`, ready: text(/negative|positive/) },
		{ name: 'item', path: `${base}/data/${item}`, ready: text('History') },
		{
			name: 'earlier',
			path: `${base}/data/${drafted}?earlier`,
			ready: async (page) => {
				await page.getByText('Steps are kept').waitFor();
				await page.getByText('The draft then').first().click();
			},
		},
		{ name: 'batches', path: `${base}/label`, ready: text('Batch 1') },
		{
			name: 'workspace',
			path: `${base}/label/${batch}`,
			ready: (page) => page.getByRole('toolbar').waitFor(),
		},
		{ name: 'late', path: `${base}/label/late`, ready: text('Nothing came late') },
		{ name: 'waiting', path: '/waiting', ready: text('Nothing waits') },
		{ name: 'review', path: `${base}/review`, ready: text(/Nothing waits|accept/) },
		{ name: 'snapshots', path: `${base}/snapshots`, ready: text('First answers') },
		{ name: 'snapshot', path: `${base}/snapshots/${snapshot}`, ready: text('train/first') },
		{ name: 'runs', path: `${base}/runs`, ready: text('train/first') },
		{ name: 'run', path: `${base}/runs/${run}`, ready: text('predictions') },
		{ name: 'models', path: `${base}/models`, ready: text('model/first') },
		{ name: 'predictions', path: `${base}/predictions`, ready: text('held-out items') },
		{ name: 'team', path: `${base}/team`, ready: text('Owner') },
		{ name: 'settings', path: `${base}/settings`, ready: text('Versions') },
		{ name: 'account', path: '/account', ready: text('The runner of npm start') },
		{ name: 'fashion-wheel', path: '/projects/fashion', ready: text('answers in the corpus') },
		{ name: 'fashion-data', path: '/projects/fashion/data', ready: text('Bag') },
	];
}
