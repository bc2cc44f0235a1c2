import { expect, test, type Page } from '@playwright/test';
import type { ItemDetail } from '#shared/api/replies.ts';
import { barriers } from '../support/axe.ts';
import { Flywheel } from '../support/flywheel.ts';
import { buildNextVersion, type NextVersion } from '../support/next-version.ts';
import { openBatch, show } from './labeling.ts';
import { badge, label, type Person } from './people.ts';
import { twoAtOneBatch } from './two-at-one-batch.ts';

/**
 * S12, with the programs themselves: the server is updated while people work, one of them loads the new app and
 * writes what today's app would damage. The other one reads on, is asked to reload before anything of theirs is
 * sent, and loses nothing by waiting.
 */
test.describe.configure({ mode: 'serial' });

let next: NextVersion;
let today: Flywheel;
let updated: Flywheel;
let lars: Person;
let lisa: Person;
let project: string;
let batch: string;
let waiting: string[];
/** Another tab of his. */
let second: Page;

const needed = (page: Page) => page.getByRole('status').filter({ hasText: 'Flywheel was updated' });
const authorsOf = async (item: string): Promise<string[]> => {
	const { history } = await today.call<ItemDetail>('GET', `/api/projects/${project}/items/${item}`);
	return history.map(({ by }) => by);
};

test.beforeAll(async ({ browser }) => {
	test.setTimeout(300_000);
	next = await buildNextVersion();
	today = await Flywheel.startEmpty();
	({ project, batch, lars, lisa } = await twoAtOneBatch(browser, today, 12));
});

test.afterAll(async () => {
	for (const person of [lars, lisa]) await person.context.close();
	await updated.stop();
	await today.remove();
});

test('the server is updated under two open pages: both go on as before', async () => {
	for (const { page } of [lars, lisa]) await openBatch(page, today.url, project, batch);
	await today.stop();
	updated = await Flywheel.start({
		port: today.port,
		home: today.home,
		environment: { FLYWHEEL_SAMPLES: '0', FLYWHEEL_RUNNER: '0', ...next.environment },
	});
	const [item] = await label(lars.page, 1, 'g');
	await expect(badge(lars.page)).toHaveAttribute('data-saved', 'server', { timeout: 60_000 });
	expect(await authorsOf(item!)).toEqual(['lars']);
	await expect(needed(lars.page)).toHaveCount(0);
});

test('one loads the new app when she likes, and writes with it', async () => {
	const { page } = lisa;
	const ready = page.getByRole('status').filter({ hasText: 'A new version of the app is ready' });
	await expect(ready).toBeVisible({ timeout: 60_000 });
	await Promise.all([
		page.waitForEvent('load'),
		ready.getByRole('button', { name: 'Load it' }).press('Enter'),
	]);
	await expect(page.locator('[data-item]')).toBeVisible();
	await show(page, 12);
	await page.keyboard.press('b');
	await expect.poll(() => authorsOf('day-12'), { timeout: 60_000 }).toEqual(['lisa']);
	// He sees what she wrote: an app that is too old reads.
	await expect(lars.page.getByText('10 items left')).toBeVisible();
});

test('the other is asked to reload before anything of his is sent, and goes on labeling', async () => {
	const { page } = lars;
	waiting = await label(page, 2, 'g');
	await expect(needed(page)).toContainText('Reload to send your work');
	await expect(badge(page)).toHaveAttribute('data-saved', 'blocked'); // it needs him
	expect(await barriers(page)).toEqual([]);
	waiting.push(...(await label(page, 1, 'b')));
	await show(lisa.page, 11);
	await lisa.page.keyboard.press('b');
	await expect(page.getByText('6 items left')).toBeVisible();
	for (const item of waiting) expect(await authorsOf(item)).toEqual([]);

	await page.goto(`${today.url}/waiting`);
	await expect(page.getByText('needs a reload')).toBeVisible();
	await expect(page.getByRole('heading', { name: 'Not accepted' })).toHaveCount(0);
	expect(await barriers(page)).toEqual([]);
	// Another tab is the same app, as long as one of them is open.
	second = await lars.context.newPage();
	await second.goto(`${today.url}/projects/${project}/label/${batch}`);
	await expect(needed(second)).toBeVisible();
	await expect(badge(second)).toHaveAttribute('data-saved', 'blocked');
});

test('he reloads one tab: what waited in all of them is sent as it was, and nothing was refused', async () => {
	await Promise.all([
		second.waitForEvent('load'),
		needed(second).getByRole('button', { name: 'Reload' }).press('Enter'),
	]);
	await expect(badge(second)).toHaveAttribute('data-saved', 'server', { timeout: 60_000 });
	await expect(needed(second)).toHaveCount(0);
	for (const item of waiting) await expect.poll(() => authorsOf(item)).toContain('lars');
	await expect(lars.page.getByRole('heading', { name: 'Nothing waits' })).toBeVisible();
	await expect(lars.page.getByRole('heading', { name: 'Not accepted' })).toHaveCount(0);
	await expect(needed(lars.page)).toHaveCount(0);
	const [item] = await label(second, 1, 'g');
	await expect(badge(second)).toHaveAttribute('data-saved', 'server');
	expect(await authorsOf(item!)).toEqual(['lars']);
});
