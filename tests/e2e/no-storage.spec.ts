import { expect, test, type BrowserContext, type Page } from '@playwright/test';
import { barriers } from '../support/axe.ts';
import { Flywheel } from '../support/flywheel.ts';
import { makeWeather } from '../support/weather.ts';
import { badge, label } from './people.ts';

/**
 * A browser that keeps nothing for this page, as private windows and policies make it: whoever comes to label is told
 * so and what to do, in the place of a page on which nothing could be kept. The browser's own storage is what breaks,
 * nothing of ours is replaced.
 */
test.describe.configure({ mode: 'serial' });

let flywheel: Flywheel;
let project: string;

test.beforeAll(async () => {
	flywheel = await Flywheel.startEmpty();
	project = await makeWeather(flywheel, 3);
});

test.afterAll(() => flywheel.remove());

/** Somebody with a fresh link, in a window whose storage is like this. */
async function come(context: BrowserContext): Promise<Page> {
	const page = await context.newPage();
	await page.goto(await flywheel.signInLink('owner'));
	await page.waitForURL('**/projects');
	return page;
}

const said = (page: Page) => page.getByRole('alert');

test('storage that the browser refuses is told of on every page, until it is allowed', async ({
	browser,
}) => {
	const context = await browser.newContext();
	await context.addInitScript(() => {
		const { prototype } = IDBFactory;
		const open = Object.getOwnPropertyDescriptor(prototype, 'open')!.value as (
			...input: unknown[]
		) => IDBOpenDBRequest;
		prototype.open = function (...input) {
			if (!('isAllowed' in window)) throw new DOMException('Not here.', 'SecurityError');
			return open.apply(this, input);
		};
	});
	const page = await come(context);
	await expect(said(page)).toContainText('This browser keeps nothing for this page');
	for (const path of ['/waiting', `/projects/${project}/label?take`]) {
		await page.goto(flywheel.url + path);
		await expect(said(page)).toContainText('allow cookies and site data');
		await expect(said(page)).toContainText('Nothing is lost');
		await expect(badge(page)).toHaveCount(0); // which says where work is
	}
	for (const colorScheme of ['light', 'dark'] as const) {
		await page.emulateMedia({ colorScheme });
		for (const width of [1280, 390]) {
			await page.setViewportSize({ width, height: 720 });
			expect(await barriers(page)).toEqual([]);
			const widthHere = await page.evaluate(() => document.documentElement.scrollWidth);
			expect(widthHere).toBe(width);
		}
	}
	await Promise.all([
		page.waitForEvent('load'),
		page.getByRole('button', { name: 'Try again' }).press('Enter'),
	]);
	await expect(said(page)).toBeVisible();
	await page.evaluate(() => Object.assign(window, { isAllowed: true }));
	await expect(page.locator('[data-item]')).toBeVisible({ timeout: 30_000 });
	await expect(said(page)).toHaveCount(0);
	await label(page, 1, 'g');
	await expect(badge(page)).toHaveAttribute('data-saved', 'server');
	await context.close();
});

test('a browser without IndexedDB says the same', async ({ browser }) => {
	const context = await browser.newContext();
	await context.addInitScript(() =>
		Object.defineProperty(window, 'indexedDB', { value: undefined }),
	);
	const page = await come(context);
	await expect(said(page)).toContainText('This browser keeps nothing for this page');
	await context.close();
});

test('storage that never answers keeps nobody at the door, and is told of', async ({ browser }) => {
	const context = await browser.newContext();
	await context.addInitScript(() => {
		// A request that nothing ever comes of.
		IDBFactory.prototype.open = () => new EventTarget() as IDBOpenDBRequest;
	});
	const page = await come(context);
	await expect(said(page)).toContainText('storage does not answer', { timeout: 30_000 });
	await expect(said(page)).toContainText('quit the browser');
	expect(await barriers(page)).toEqual([]);
	await context.close();
});
