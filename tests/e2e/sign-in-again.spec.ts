import { join } from 'node:path';
import { expect, test, type Browser, type BrowserContext, type Page } from '@playwright/test';
import { startTestServer, type TestServer } from '../integration/core/test-server.ts';
import { barriers } from '../support/axe.ts';
import { badge, label } from './people.ts';

/**
 * A sign-in runs out while somebody labels. Nothing leaves the screen and no key press is lost; the page asks
 * to sign in again, and what was done meanwhile is sent by the same person. Somebody else who signs in on the
 * device neither sends it nor takes it away.
 */
test.describe.configure({ mode: 'serial' });

const secret = 'long enough to be a password';
let server: TestServer;
let project: string;
let context: BrowserContext;

test.beforeAll(async () => {
	server = await startTestServer({
		appFolder: join(import.meta.dirname, '../../build/app'),
		sessionSeconds: 15,
	});
	const items = Array.from({ length: 40 }, (_, index) => ({
		id: `mood-${index + 1}`,
		data: { text: `Mood ${index + 1}` },
	}));
	project = await server.makeProject('Moods', items);
	for (const name of ['Lars', 'Mia']) {
		const { id } = await server.accounts.create({ name, password: secret });
		await server.tables.members.put({
			project,
			user: id,
			role: 'labeler',
			hasCode: false,
			joinedAt: new Date().toISOString(),
		});
		await server.makeBatches(project, { choose: { by: 'oldest', count: 20 }, members: [id] });
	}
});
test.afterAll(async () => {
	await context.close();
	await server.remove();
});

async function signIn(page: Page, name: string): Promise<void> {
	await page.getByLabel('Name or e-mail').fill(name);
	await page.getByLabel('Password').fill(secret);
	await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Somebody at a browser, in front of their first batch. */
async function open(browser: Browser, name: string): Promise<Page> {
	context = await browser.newContext();
	const page = await context.newPage();
	await page.goto(`${server.url}/sign-in?to=/projects/${project}/label%3Ftake`);
	await signIn(page, name);
	await expect(page.locator('[data-item]')).toBeVisible();
	return page;
}

const hasEnded = (page: Page) => page.getByText('Your sign-in has ended');

/** Who submitted an item, as the server knows it. */
async function submittedBy(item: string): Promise<string[]> {
	const { history } = await server.ownerClient.json<{ history: { by: string }[] }>(
		'GET',
		`/api/projects/${project}/items/${item}`,
	);
	return history.map(({ by }) => by);
}

/** Opens the banner's way back, in a tab of its own. */
async function signInBeside(page: Page, name: string): Promise<Page> {
	const opened = context.waitForEvent('page');
	await page.getByRole('link', { name: 'Sign in' }).click();
	const beside = await opened;
	await signIn(beside, name);
	return beside;
}

test('a sign-in that runs out takes nothing off the screen, and what is done meanwhile is sent afterwards', async ({
	browser,
}) => {
	const page = await open(browser, 'Lars');
	const before = await label(page, 2, 'pn');
	await expect(badge(page)).toHaveAttribute('data-saved', 'server');
	await expect(hasEnded(page)).toBeVisible({ timeout: 60_000 });
	expect(await barriers(page)).toEqual([]);

	const meanwhile = await label(page, 4, 'pn');
	await expect(badge(page)).not.toHaveAttribute('data-saved', 'server');
	for (const item of meanwhile) expect(await submittedBy(item)).toEqual([]);
	const onDesk = await page.locator('[data-item]').getAttribute('data-item');

	const beside = await signInBeside(page, 'Lars');
	await expect(hasEnded(page)).toBeHidden();
	await expect(badge(page)).toHaveAttribute('data-saved', 'server');
	await expect(page.locator('[data-item]')).toHaveAttribute('data-item', onDesk!);
	for (const item of [...before, ...meanwhile])
		await expect.poll(() => submittedBy(item)).toEqual(['lars']);
	await beside.close();
	await page.close();
});

test('somebody else on the device neither sends nor deletes what waits; its author sends it', async ({
	browser,
}) => {
	await context.close();
	const page = await open(browser, 'Lars');
	await expect(hasEnded(page)).toBeVisible({ timeout: 60_000 });
	const waits = await label(page, 3, 'pn');
	await expect(badge(page)).toHaveAttribute('data-saved', 'blocked');

	const beside = await signInBeside(page, 'Mia');
	await expect(hasEnded(page)).toBeHidden();
	await beside.goto(`${server.url}/projects/${project}/label?take`);
	const [hers] = await label(beside, 1, 'p');
	await expect(badge(beside)).toHaveAttribute('data-saved', 'server');
	await expect.poll(() => submittedBy(hers!)).toEqual(['mia']);
	for (const item of waits) expect(await submittedBy(item)).toEqual([]);

	await expect(hasEnded(beside)).toBeVisible({ timeout: 60_000 });
	await beside.goto(`${server.url}/sign-in`);
	await signIn(beside, 'Lars');
	await expect(badge(beside)).toHaveAttribute('data-saved', 'server');
	for (const item of waits) await expect.poll(() => submittedBy(item)).toEqual(['lars']);
	expect(await submittedBy(hers!)).toEqual(['mia']);
});
