import type { Browser, Page } from 'playwright';
import * as Y from 'yjs';
import { WireClient } from '../integration/sync/wire-client.ts';
import type { Flywheel } from '../support/flywheel.ts';
import { behindRelay } from './behind-relay.ts';
import type { Benchmark } from './benchmark.ts';
import type { DayOfWork } from './day-of-work.ts';
import { pageScript } from './page-script.ts';
import { lines, makeProject } from './project.ts';
import { watchTaskTimes } from './task-times.ts';

const batches = 4;
const itemsEach = 500;
const regionsEach = 10;

/** A day of labeling without a network, and what it is like when the network is back. */
export const offlineDay: Benchmark = {
	name: 'offline-day',
	method: `Real Chromium and the real server. ${batches} batches of ${itemsEach} items (the most that one may have) are labeled while the network is cut: ${batches * itemsEach * regionsEach} regions and ${batches * itemsEach} submissions, through the app's own documents in a tab beside the workspace. Then the network is mended: seconds until the badge of the workspace says "on the server", which is after the server's fsync, and until another device that has the first batch open all the while shows that nothing is left to do; long tasks (above 50 ms) on both pages meanwhile, and the most processor time that one took, since server, browser and both pages share the processors here.`,
	run: () =>
		behindRelay(async ({ flywheel, relay, openBrowser }) => {
			const browser = await openBrowser();
			const project = await makeProject(flywheel, 'Day');
			await flywheel.importLines(project, lines(batches * itemsEach));
			const made = await makeBatches(flywheel, project);
			const desk = `/projects/${project}/label/${made[0]!.batch}`;
			const labeler = await openDesk(browser, flywheel, relay.url, desk);
			const other = await openDesk(browser, flywheel, flywheel.direct, desk);
			const beside = await labeler.context().newPage();
			await beside.goto(relay.url);
			await beside.addScriptTag({ content: await pageScript('day-of-work.ts', 'day') });
			await relay.cut('refused');
			await label(beside, { batches: made, regionsEach });
			await beside.close();
			await labeler.locator('[data-saved="device"]').waitFor();

			const mostTaskTime = await watchTaskTimes(browser);
			for (const page of [labeler, other]) await page.evaluate(watchTasks);
			const began = performance.now();
			await relay.open();
			// What a browser tells its pages when it has a network again.
			await labeler.evaluate(() => dispatchEvent(new Event('online')));
			const [saved, seen] = await Promise.all([
				labeler
					.locator('[data-saved="server"]')
					.waitFor({ timeout: 120_000 })
					.then(() => performance.now() - began),
				whenSeen(other).then(() => performance.now() - began),
			]);
			const longest = await Promise.all([labeler, other].map(longestTask));
			const mostTime = await mostTaskTime();
			for (const { document } of made) await checkWhole(flywheel, document);
			return [
				{
					what: 'on the server after',
					value: saved / 1000,
					unit: 's',
					bar: { at: 'most', value: 5 },
				},
				{ what: 'on the other device after', value: seen / 1000, unit: 's' },
				{
					what: 'longest task of the labeler (below 50 ms: 0)',
					value: longest[0]!,
					unit: 'ms',
					bar: { at: 'most', value: 50 },
				},
				{
					what: 'longest task of the other device (below 50 ms: 0)',
					value: longest[1]!,
					unit: 'ms',
					bar: { at: 'most', value: 50 },
				},
				{
					what: 'most processor time of a task',
					value: mostTime,
					unit: 'ms',
					bar: { at: 'most', value: 50 },
				},
			];
		}),
};

interface Batch {
	readonly batch: string;
	readonly document: string;
	readonly items: readonly string[];
}

async function makeBatches(flywheel: Flywheel, project: string): Promise<Batch[]> {
	const made: Batch[] = [];
	for (let index = 0; index < batches; index++) {
		const items = Array.from({ length: itemsEach }, (_, n) => `t${index * itemsEach + n}`);
		const [batch] = await flywheel.makeBatches(project, { items, members: ['owner'] });
		made.push({ batch, document: `${project}/${batch}/answers`, items });
	}
	return made;
}

async function openDesk(
	browser: Browser,
	flywheel: Flywheel,
	at: string,
	desk: string,
): Promise<Page> {
	const context = await browser.newContext({ bypassCSP: true });
	const page = await context.newPage();
	const { pathname, hash } = new URL(await flywheel.signInLink('owner'));
	await page.goto(at + pathname + hash);
	await page.waitForURL('**/projects');
	await page.goto(at + desk);
	await page.locator('[data-item]').waitFor();
	await page.locator('[data-saved="server"]').waitFor();
	return page;
}

async function label(page: Page, day: Pick<DayOfWork, 'batches' | 'regionsEach'>): Promise<void> {
	const done = await page.evaluate(async (work) => {
		const names = (await indexedDB.databases()).map(({ name }) => name ?? '');
		const [, epoch, user] = names
			.map((name) => /^flywheel-(.+?)-([^-]+)$/.exec(name) ?? [])
			.find(({ length }) => length > 0)!;
		const { labelADay } = (
			globalThis as unknown as { day: { labelADay: (day: DayOfWork) => Promise<object> } }
		).day;
		return labelADay({ ...work, epoch: epoch!, user: user! });
	}, day);
	console.log(`  labeled: ${JSON.stringify(done)}`);
}

function watchTasks(): void {
	const page = globalThis as unknown as { longestTaskMs: number };
	page.longestTaskMs = 0;
	new PerformanceObserver((list) => {
		for (const { duration } of list.getEntries())
			page.longestTaskMs = Math.max(page.longestTaskMs, duration);
	}).observe({ type: 'longtask' });
}

function longestTask(page: Page): Promise<number> {
	return page.evaluate(() => (globalThis as unknown as { longestTaskMs: number }).longestTaskMs);
}

/** Resolves when the page of a batch shows that nothing is left to do. */
async function whenSeen(page: Page): Promise<void> {
	await page.getByText('Everything is done').first().waitFor({ timeout: 120_000 });
}

/** Throws where the server does not have all that was labeled. */
async function checkWhole(flywheel: Flywheel, document: string): Promise<void> {
	const url = `${flywheel.direct.replace('http', 'ws')}/sync/${document}?token=${flywheel.token}`;
	const reader = await WireClient.join(url, { document: new Y.Doc() });
	const counts = [reader.document.getMap('draft').size, reader.document.getMap('submitted').size];
	await reader.close();
	if (counts[0] !== itemsEach * (regionsEach + 1) || counts[1] !== itemsEach)
		throw new Error(`${document} has ${counts.join(' drafts and ')} submissions`);
}
