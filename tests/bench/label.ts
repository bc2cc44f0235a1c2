import type { BrowserContext, Page } from 'playwright';
import { behindRelay } from './behind-relay.ts';
import { quantile, type Benchmark, type Figure } from './benchmark.ts';
import { lines, makeProject } from './project.ts';

const answers = 200;

/** How fast a labeler's key is answered, in a project of 100,000 items. */
export const labeling: Benchmark = {
	name: 'label',
	method: `Real Chromium on a project of 100,000 items: ${answers} keys, each pressed once the next item lies on the desk. Event Timing duration (key to next paint; what Chromium does not report took less than 16 ms and counts as 16), long tasks over the same time; then the network is cut and the browser started anew on the same profile.`,
	run: () =>
		behindRelay(async ({ flywheel, relay, openDevice }) => {
			const project = await makeProject(flywheel, 'Label');
			await flywheel.importLines(project, lines(100_000));
			const { batch } = await flywheel.call<{ batch: string }>(
				'POST',
				`/api/projects/${project}/batches/take`,
				{ count: 200 },
			);
			const desk = `${relay.url}/projects/${project}/label/${batch}`;
			const online = await labelAll(await openDevice(), await flywheel.signInLink('owner'), desk);
			await relay.cut('refused');
			const cold = await coldStart(await openDevice(), desk);
			return [
				...online,
				{
					what: 'cold offline start of the workspace',
					value: cold,
					unit: 's',
					bar: { at: 'most', value: 2 },
				},
			];
		}),
};

async function labelAll(context: BrowserContext, link: string, desk: string): Promise<Figure[]> {
	try {
		const page = await context.newPage();
		await page.goto(link);
		await page.waitForURL('**/projects');
		await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
		await page.goto(desk);
		await page.getByRole('toolbar').waitFor();
		await page.evaluate(observe);
		for (let index = 0; index < answers; index++) await answer(page, 'wln'[index % 3]!);
		const { keys, longest } = await page.evaluate(
			() => (globalThis as unknown as { timings: Timings }).timings,
		);
		// Chromium leaves out events below 16 ms: they count as 16, the most they can have taken.
		const durations = [
			...keys,
			...Array.from({ length: Math.max(0, answers - keys.length) }, () => 16),
		];
		return [
			{ what: 'key to next item painted, p50', value: quantile(durations, 0.5), unit: 'ms' },
			{
				what: 'key to next item painted, p95',
				value: quantile(durations, 0.95),
				unit: 'ms',
				bar: { at: 'most', value: 32 },
			},
			{
				what: 'longest task meanwhile (below 50 ms: 0)',
				value: longest,
				unit: 'ms',
				bar: { at: 'most', value: 50 },
			},
		];
	} finally {
		await context.close();
	}
}

interface Timings {
	readonly keys: number[];
	longest: number;
}

function observe(): void {
	const timings: Timings = { keys: [], longest: 0 };
	(globalThis as unknown as { timings: Timings }).timings = timings;
	new PerformanceObserver((list) => {
		for (const entry of list.getEntries())
			if (entry.name === 'keydown') timings.keys.push(entry.duration);
	}).observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit);
	new PerformanceObserver((list) => {
		for (const entry of list.getEntries())
			timings.longest = Math.max(timings.longest, entry.duration);
	}).observe({ type: 'longtask' });
}

async function answer(page: Page, key: string): Promise<void> {
	const desk = page.locator('[data-item]');
	const before = await desk.getAttribute('data-item');
	await page.keyboard.press(key);
	await page
		.waitForFunction(
			(item) => document.querySelector('[data-item]')?.getAttribute('data-item') !== item,
			before,
		)
		.catch(() => undefined);
}

async function coldStart(context: BrowserContext, desk: string): Promise<number> {
	try {
		const page = await context.newPage();
		const began = performance.now();
		await page.goto(desk);
		await page.locator('[data-item]').waitFor();
		return (performance.now() - began) / 1000;
	} finally {
		await context.close();
	}
}
