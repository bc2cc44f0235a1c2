import { expect, test, type Locator, type Page } from '@playwright/test';
import { barriers } from '../support/axe.ts';
import { Flywheel } from '../support/flywheel.ts';
import { pagesOf } from '../support/pages.ts';
import { turnTheWheel, type TurnedWheel } from '../support/turn-the-wheel.ts';
import { focusTrouble, tabTo, walk } from './keyboard.ts';
import { signIn, type Person } from './people.ts';

/** The whole program for those who cannot see it, cannot use a mouse, or see it otherwise. */
test.describe.configure({ timeout: 180_000 });

const wide = { width: 1440, height: 900 };
const slim = { width: 390, height: 844 };

let flywheel: Flywheel;
let wheel: TurnedWheel;
let owner: Person;

test.beforeAll(async ({ browser }) => {
	flywheel = await Flywheel.start();
	wheel = await turnTheWheel(flywheel);
	owner = await signIn(browser, flywheel, 'owner');
});

test.afterAll(async () => {
	await owner.context.close();
	await flywheel.remove();
});

/** Two frames: what watches sizes has looked by then. */
function drawn(): Promise<void> {
	return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())));
}

/** The page as it stands, in both themes and at both widths. */
async function expectNoBarriers(page: Page, name: string): Promise<void> {
	for (const size of [slim, wide]) {
		await page.setViewportSize(size);
		await page.evaluate(drawn); // what became wider than its place is reached by Tab from the next frame on
		await page.emulateMedia({ colorScheme: 'light' });
		expect.soft(await barriers(page), `${name}, ${size.width} px, light`).toEqual([]);
		await page.emulateMedia({ colorScheme: 'dark' });
		expect.soft(await barriers(page, 'colours'), `${name}, ${size.width} px, dark`).toEqual([]);
	}
}

/** How much wider than the window the page is, and what can be pressed but is smaller than 24 px. */
function tooWideOrSmall(page: Page): Promise<{ wider: number; small: string[] }> {
	return page.evaluate(() => ({
		wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
		small: [...document.querySelectorAll<HTMLElement>('button, select, summary, [role=switch]')]
			.filter((element) => {
				const { width, height } = element.getBoundingClientRect();
				return element.tabIndex >= 0 && width > 1 && (width < 24 || height < 24);
			})
			.map((element) => element.outerHTML.slice(0, 120)),
	}));
}

test('no page keeps anybody out: both themes, wide and slim, right to left, by Tab', async () => {
	const { page } = owner;
	for (const { name, path, ready } of pagesOf(wheel)) {
		await page.goto(flywheel.url + path);
		await ready(page);
		await expectNoBarriers(page, name);
		await expect.soft(page.getByRole('main'), name).toHaveCount(1);
		await expect.soft(page.getByRole('heading', { level: 1 }), name).toHaveCount(1);
		await page.setViewportSize(slim);
		expect.soft(await tooWideOrSmall(page), name).toEqual({ wider: 0, small: [] });
		await page.evaluate(() => (document.documentElement.dir = 'rtl'));
		expect.soft((await tooWideOrSmall(page)).wider, `${name}, right to left`).toBe(0);
		await page.evaluate(() => (document.documentElement.dir = 'ltr'));
		await page.setViewportSize(wide);
		// The frame is the same on every page of a project: one walk through it is enough.
		if (name !== 'wheel') await page.evaluate(() => document.querySelector('main')?.focus());
		expect.soft(await walk(page), `${name}, by Tab`).toEqual([]);
	}
});

test('the door keeps nobody out', async ({ browser }) => {
	const context = await browser.newContext();
	const page = await context.newPage();
	for (const path of ['/sign-in', '/join#nothing']) {
		await page.goto(flywheel.url + path);
		await page.getByRole('heading', { level: 1 }).waitFor();
		await expectNoBarriers(page, path);
	}
	await context.close();
});

/** What opens over a page: where, by which control, and what is then there. */
const overlays: readonly {
	readonly name: string;
	readonly path: (wheel: TurnedWheel) => string;
	readonly by: (page: Page) => Locator;
	readonly shows: 'dialog' | 'menu';
}[] = [
	{
		name: 'new project',
		path: () => '/projects',
		by: (page) => page.getByRole('button', { name: 'New project' }),
		shows: 'dialog',
	},
	{
		name: 'account menu',
		path: () => '/projects',
		by: (page) => page.getByRole('button', { name: 'Account of' }),
		shows: 'menu',
	},
	{
		name: 'saved state',
		path: () => '/projects',
		by: (page) => page.getByRole('button', { name: 'Saved state' }),
		shows: 'dialog',
	},
	{
		name: 'import',
		path: ({ project }) => `/projects/${project}/data`,
		by: (page) => page.getByRole('button', { name: 'Import' }),
		shows: 'dialog',
	},
	{
		name: 'projects menu',
		path: ({ project }) => `/projects/${project}/label`,
		by: (page) => page.getByRole('button', { name: /, switch/ }),
		shows: 'menu',
	},
	{
		name: 'search or run',
		path: ({ project }) => `/projects/${project}/label`,
		by: (page) => page.getByRole('button', { name: 'Search or run' }),
		shows: 'dialog',
	},
	{
		name: 'new batch',
		path: ({ project }) => `/projects/${project}/label`,
		by: (page) => page.getByRole('button', { name: 'New batch' }),
		shows: 'dialog',
	},
	{
		name: 'what to do with a batch',
		path: ({ project }) => `/projects/${project}/label`,
		by: (page) => page.getByRole('button', { name: 'What to do with' }),
		shows: 'menu',
	},
	{
		name: 'freeze',
		path: ({ project }) => `/projects/${project}/snapshots`,
		by: (page) => page.getByRole('button', { name: 'Freeze a snapshot' }),
		shows: 'dialog',
	},
	{
		name: 'invite',
		path: ({ project }) => `/projects/${project}/team`,
		by: (page) => page.getByRole('button', { name: 'Invite' }),
		shows: 'dialog',
	},
	{
		name: 'report of an import',
		path: ({ project }) => `/projects/${project}/settings`,
		by: (page) => page.getByRole('button', { name: 'Report' }).first(),
		shows: 'dialog',
	},
	{
		name: 'new token',
		path: () => '/account',
		by: (page) => page.getByRole('button', { name: 'New token' }),
		shows: 'dialog',
	},
];

test('what opens keeps nobody out, and gives the focus back', async () => {
	const { page } = owner;
	for (const { name, path, by, shows } of overlays) {
		const address = flywheel.url + path(wheel);
		if (page.url() !== address) await page.goto(address);
		const opener = by(page);
		await opener.focus();
		await page.keyboard.press('Enter');
		await expect(page.getByRole(shows), name).toBeVisible();
		await expectNoBarriers(page, name);
		expect(await focusTrouble(page), name).toBe('');
		await page.keyboard.press('Escape');
		await expect(page.getByRole(shows), name).toBeHidden();
		await expect(opener, name).toBeFocused();
	}
});

test('where the system chooses the colours and wants no motion, marks are seen and nothing moves', async () => {
	const { page } = owner;
	await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' });
	await page.goto(`${flywheel.url}/projects/${wheel.project}/label`);
	const bar = page.getByRole('progressbar', { name: 'Answered', exact: true });
	await bar.waitFor();
	const [track, fill] = await bar.evaluate((element) =>
		[element, element.firstElementChild!].map((one) => getComputedStyle(one).backgroundColor),
	);
	expect(fill).not.toBe(track);
	await page.getByRole('button', { name: 'Account of' }).focus();
	await page.keyboard.press('Enter');
	await page.keyboard.press('ArrowDown');
	const chosen = page.locator('[role^=menuitem][data-highlighted]');
	await expect(chosen).toHaveCSS('outline-style', 'solid');
	await page.keyboard.press('Escape');
	await page.getByRole('button', { name: 'New batch' }).press('Enter');
	await expect(page.getByRole('dialog')).toBeVisible();
	const moving = await page.evaluate(
		() => document.getAnimations().filter(({ playState }) => playState === 'running').length,
	);
	expect(moving).toBe(0);
	await page.emulateMedia({ forcedColors: null, reducedMotion: null });
});

test('at twice the size and on a phone the desk has its answers, notes and instructions', async () => {
	const { page } = owner;
	await page.goto(`${flywheel.url}/projects/${wheel.project}/label/${wheel.batch}`);
	const answer = page.getByRole('button', { name: /^negative/ });
	await answer.waitFor();
	for (const size of [{ width: 720, height: 450 }, slim]) {
		await page.setViewportSize(size);
		await expect(answer).toBeInViewport({ ratio: 1 });
		await page.getByRole('toolbar').getByRole('button', { name: 'note' }).click();
		await expect(page.getByLabel('Write a note')).toBeFocused();
		await expect(page.getByLabel('Write a note')).toBeInViewport({ ratio: 1 });
		await expect(page.getByText('Instructions', { exact: true })).toBeVisible();
		await page.getByRole('button', { name: 'Back to the item' }).click();
		await expect(page.getByLabel('Write a note')).toBeHidden();
	}
	await page.setViewportSize(wide);
});

test('from the door to an answer, a verdict, a snapshot, a run and a setting without a mouse', async ({
	browser,
}) => {
	await owner.page.goto(`${flywheel.url}/account`);
	await tabTo(owner.page, owner.page.getByLabel('New password'));
	await owner.page.keyboard.type('correct horse');
	await owner.page.keyboard.press('Enter');
	await expect(owner.page.getByRole('status').getByText('The new password is set')).toBeVisible();
	const context = await browser.newContext();
	const page = await context.newPage();
	const { project } = wheel;
	const at = (path: string) => page.waitForURL(`**/projects/${project}${path}`);
	const search = async (words: string) => {
		await page.keyboard.press('Control+k');
		await expect(page.getByPlaceholder('Search or run')).toBeFocused();
		await page.keyboard.type(words);
		await page.keyboard.press('Enter');
	};

	await page.goto(`${flywheel.url}/sign-in`);
	await tabTo(page, page.getByLabel('Name or e-mail'));
	await page.keyboard.type('owner');
	await page.keyboard.press('Tab');
	await page.keyboard.type('correct horse');
	await page.keyboard.press('Enter');
	await page.waitForURL('**/projects');

	await tabTo(page, page.getByRole('link', { name: /Reviews/ }));
	await page.keyboard.press('Enter');
	await at('');
	await page.getByText('held-out items').waitFor();
	// Arriving puts the focus at the top of the page, a moment after the page itself is there.
	await expect(async () => {
		await tabTo(page, page.getByRole('link', { name: 'Skip to the page' }));
		await page.keyboard.press('Enter');
		await expect(page.getByRole('main')).toBeFocused({ timeout: 5_000 });
	}).toPass();
	await tabTo(page, page.getByRole('main').getByRole('link', { name: 'Label', exact: true }));
	await page.keyboard.press('Enter');

	// By its key, and by its button.
	await at(`/label/${wheel.batch}`);
	const said = page.getByRole('status').filter({ hasText: /^Item / });
	await expect(said).toHaveText(/^Item 1 of 100: \S/);
	await page.keyboard.press('p');
	await expect(said).toHaveText(/^Item 2 of 100: \S/);
	const negative = page.getByRole('group').getByRole('button', { name: /^negative/ });
	await tabTo(page, negative);
	await page.keyboard.press('Enter');
	await expect(said).toHaveText(/^Item 3 of 100: \S/);
	await expect(negative).toBeFocused();
	await expect(page.locator('[data-saved]')).toHaveAttribute('data-saved', 'server');

	await search('review');
	await at('/review');
	const shown = page.locator('[data-item]');
	await expect(shown).toBeVisible();
	const item = (await shown.getAttribute('data-item'))!;
	await page.keyboard.press('a');
	await expect(shown).not.toHaveAttribute('data-item', item);

	await search('snapshots');
	await at('/snapshots');
	const freeze = page.getByRole('button', { name: 'Freeze a snapshot' });
	await tabTo(page, freeze);
	await page.keyboard.press('Enter');
	await tabTo(page, page.getByLabel('What is new in it'));
	await page.keyboard.type('By keyboard');
	await tabTo(page, page.getByRole('dialog').getByRole('button', { name: 'Freeze' }));
	await page.keyboard.press('Enter');
	await expect(page.getByRole('row', { name: /By keyboard/ })).toBeVisible();
	await expect(page.getByRole('dialog')).toBeHidden();
	expect(await focusTrouble(page)).toBe('');

	await search('runs');
	await at('/runs');
	await tabTo(page, page.getByRole('main').getByRole('link', { name: /train\/first/ }));
	await page.keyboard.press('Enter');
	await at(`/runs/${wheel.run}`);
	await tabTo(page, page.getByLabel('Search in the log'));
	await page.keyboard.type('loss');
	await tabTo(page, page.getByRole('log'));

	await search('settings');
	await at('/settings');
	await tabTo(page, page.getByLabel('Name', { exact: true }));
	await page.keyboard.press('End');
	await page.keyboard.type(' of places');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('heading', { level: 1 })).toContainText('Reviews of places');
	await context.close();
});
