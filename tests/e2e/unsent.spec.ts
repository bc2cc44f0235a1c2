import { expect, test } from '@playwright/test';
import type { ItemDetail } from '#shared/api/replies.ts';
import { barriers } from '../support/axe.ts';
import { Flywheel } from '../support/flywheel.ts';
import { makeWeather } from '../support/weather.ts';
import { badge, join, label, signIn, type Person } from './people.ts';

/**
 * What is not on the server yet. Somebody labels without a network while a lead closes their batch: nothing is
 * lost, nobody's corpus changes silently, and the lead decides what comes in. Somebody's device is full: editing
 * stops and the work can leave as a file, which comes in again elsewhere.
 */
test.describe.configure({ mode: 'serial' });

let flywheel: Flywheel;
let lead: Person;
let labeler: Person;
let project: string;
let batch: string;
let late: string[] = [];

const itemNow = (id: string): Promise<ItemDetail> =>
	flywheel.call('GET', `/api/projects/${project}/items/${id}`);

test.beforeAll(async ({ browser }) => {
	flywheel = await Flywheel.startEmpty();
	project = await makeWeather(flywheel, 6);
	lead = await signIn(browser, flywheel, 'owner');
	labeler = await join(browser, flywheel, { project, name: 'Lars', role: 'labeler' });
});

test.afterAll(async () => {
	await labeler.context.close();
	await lead.context.close();
	await flywheel.remove();
});

test('what is done without a network is listed as waiting, with the reason', async () => {
	const { page, context } = labeler;
	await page.goto(`${flywheel.url}/projects/${project}/label?take`);
	await expect(page.locator('[data-item]')).toBeVisible();
	batch = new URL(page.url()).pathname.split('/').at(-1)!;
	await label(page, 1, 'g');
	await expect(badge(page)).toHaveAttribute('data-saved', 'server');
	await context.setOffline(true);
	late = await label(page, 3, 'gb');
	await expect(badge(page)).toHaveAttribute('data-saved', 'device');
	await badge(page).click();
	await page.getByRole('link', { name: 'See what waits, and why' }).click();
	const row = page.getByRole('row').filter({ hasText: 'answers' });
	await expect(row).toContainText('no network');
	await expect(page.getByText('This browser may delete what waits here')).toBeVisible();
	await expect(page.getByText('did not promise to keep it')).toBeVisible();
	await expect(row.getByRole('cell').nth(2)).toHaveText(/^[1-9]\d*$/);
	expect(await barriers(page)).toEqual([]);
	const download = page.waitForEvent('download');
	await page.getByRole('button', { name: 'Save all as a file' }).click();
	expect((await download).suggestedFilename()).toMatch(/^unsent-.*\.json$/);
});

test('S11 the batch is closed meanwhile; what comes back later is late and counts nowhere', async () => {
	await flywheel.call('POST', `/api/batches/${batch}/close`);
	await labeler.context.setOffline(false);
	const { page } = labeler;
	await expect(page.getByRole('heading', { name: 'Nothing waits' })).toBeVisible({
		timeout: 60_000,
	});
	await expect(badge(page)).toHaveAttribute('data-saved', 'server');
	for (const id of late) expect((await itemNow(id)).item.state).toBe('pool');
});

test('S11 the lead is told, takes one in and sets one aside', async () => {
	const { page } = lead;
	await page.goto(`${flywheel.url}/projects/${project}`);
	await expect(page.getByText('Decide on 3 late answers')).toBeVisible();
	await page.getByRole('link', { name: 'Decide' }).click();
	const rows = page.getByRole('row').filter({ hasText: 'Day' });
	await expect(rows).toHaveCount(3);
	const rowOf = (id: string) => rows.filter({ hasText: `Day ${id.split('-')[1]}:` });
	const [taken, aside] = [late[0]!, late[1]!];
	await rowOf(taken).getByRole('button', { name: 'Take in' }).click();
	await expect(rowOf(taken)).toContainText('taken in');
	await rowOf(aside).getByRole('button', { name: 'Set aside' }).click();
	expect(await barriers(page)).toEqual([]);
	await page.getByLabel(/^Why/).fill('Answered anew since');
	await page.getByRole('dialog').getByRole('button', { name: 'Set aside' }).click();
	await expect(rowOf(aside)).toContainText('set aside');
	expect((await itemNow(taken)).item.state).toBe('waiting'); // for its verdict, like any other
	expect((await itemNow(aside)).item.state).toBe('pool');
	await page.reload();
	await expect(rows).toHaveCount(2);
	await expect(rowOf(aside)).toContainText('Answered anew since');
	expect(await barriers(page)).toEqual([]);
	await page.goto(`${flywheel.url}/projects/${project}/label`);
	await page.getByRole('button', { name: 'all', exact: true }).click();
	await page.getByRole('link', { name: '1 late' }).click();
	await expect(rows).toHaveCount(2);
});

test('a device without room stops editing, says so, and hands the work over as a file', async () => {
	const { page, context } = labeler;
	// The browser's own storage, as it is when it is full; nothing of ours is replaced.
	await context.addInitScript(() => {
		const { prototype } = IDBObjectStore;
		const add = Object.getOwnPropertyDescriptor(prototype, 'add')!.value as (
			...input: unknown[]
		) => IDBRequest<IDBValidKey>;
		prototype.add = function (...input) {
			if (this.name === 'updates' && 'isFull' in window)
				throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
			return add.apply(this, input);
		};
	});
	await page.goto(`${flywheel.url}/projects/${project}/label?take`);
	const desk = page.locator('[data-item]');
	await expect(desk).toBeVisible();
	await expect(badge(page)).toHaveAttribute('data-saved', 'server');
	await context.setOffline(true);
	await page.evaluate(() => Object.assign(window, { isFull: true }));
	const [unstored] = await label(page, 1, 'g');
	await expect(page.getByRole('alert')).toContainText('no room left, so editing has stopped');
	expect(await barriers(page)).toEqual([]);
	await expect(badge(page)).toHaveAttribute('data-saved', 'not-saved');
	const next = (await desk.getAttribute('data-item'))!;
	await page.keyboard.press('b');
	await expect(page.getByText('nothing more can be kept for now')).toBeVisible();
	await expect(desk).toHaveAttribute('data-item', next);
	const download = page.waitForEvent('download');
	await page.getByRole('button', { name: 'Save as a file' }).click();
	const path = await (await download).path();

	// The page dies with what it could not store; the file comes in again, and once.
	await page.close({ runBeforeUnload: false });
	await context.setOffline(false);
	labeler.page = await context.newPage();
	await labeler.page.goto(`${flywheel.url}/waiting`);
	await labeler.page.getByLabel('File of saved work').setInputFiles(path);
	const dialog = labeler.page.getByRole('dialog');
	await expect(dialog).toContainText('Saved by Lars');
	await expect(dialog).toContainText('1 answer');
	expect(await barriers(labeler.page)).toEqual([]);
	await dialog.getByRole('button', { name: /^Take in/ }).click();
	await expect(labeler.page.getByRole('heading', { name: 'Nothing waits' })).toBeVisible();
	await expect(badge(labeler.page)).toHaveAttribute('data-saved', 'server');
	await expect.poll(async () => (await itemNow(unstored!)).item.state).not.toBe('open');
	await labeler.page.getByLabel('File of saved work').setInputFiles(path);
	await expect(dialog).toContainText('There already');
	await expect(dialog.getByRole('button', { name: /^Take in/ })).toHaveCount(0);
});

test('S11 who was taken off a batch hands their work over, and a lead takes it in as their own', async () => {
	const { page, context } = labeler;
	await page.goto(`${flywheel.url}/projects/${project}/label?take`);
	await expect(page.locator('[data-item]')).toBeVisible();
	const left = new URL(page.url()).pathname.split('/').at(-1)!;
	await expect(badge(page)).toHaveAttribute('data-saved', 'server');
	await context.setOffline(true);
	const [item] = await label(page, 1, 'b');
	await expect(badge(page)).toHaveAttribute('data-saved', 'device');
	await flywheel.call('PATCH', `/api/batches/${left}`, { members: ['owner'] });
	await page.goto(`${flywheel.url}/waiting`);
	await context.setOffline(false);
	const row = page.getByRole('row').filter({ hasText: 'not taken' });
	await expect(row).toContainText('you were taken off it', { timeout: 60_000 });
	await expect(badge(page)).toHaveAttribute('data-saved', 'blocked');
	const download = page.waitForEvent('download');
	await row.getByRole('button', { name: /^Save/ }).click();
	const path = await (await download).path();

	await lead.page.goto(`${flywheel.url}/waiting`);
	await lead.page.getByLabel('File of saved work').setInputFiles(path);
	const dialog = lead.page.getByRole('dialog');
	await expect(dialog).toContainText('1 answer, written in your name');
	await dialog.getByRole('button', { name: 'Take in 1 entry' }).click();
	await expect(badge(lead.page)).toHaveAttribute('data-saved', 'server');
	await expect
		.poll(async () => (await itemNow(item!)).history[0])
		.toMatchObject({ by: 'owner', isLate: false });

	await row.getByRole('button', { name: 'Drop' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Drop it' }).click();
	await expect(page.getByRole('heading', { name: 'Nothing waits' })).toBeVisible();
	await expect(badge(page)).toHaveAttribute('data-saved', 'server');
});
