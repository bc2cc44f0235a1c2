import { expect, test, type Page } from '@playwright/test';
import type { ItemDetail } from '#shared/api/replies.ts';
import { barriers } from '../support/axe.ts';
import { Flywheel } from '../support/flywheel.ts';
import { choice } from '../support/weather.ts';
import { openBatch, show } from './labeling.ts';
import { badge, label, signIn, type Person } from './people.ts';
import { twoAtOneBatch } from './two-at-one-batch.ts';

/**
 * Two people finish the same items while they are apart. Both answers are kept, both people and every reviewer
 * are told that the item is to settle, and a reviewer settles it: by one of the answers, or by another one.
 */
test.describe.configure({ mode: 'serial' });

let flywheel: Flywheel;
let lead: Person;
let lars: Person;
let lisa: Person;
let project: string;
let batch: string;

const itemNow = (id: string): Promise<ItemDetail> =>
	flywheel.call('GET', `/api/projects/${project}/items/${id}`);
const toSettle = (page: Page) => page.getByRole('region', { name: 'To settle' });

test.beforeAll(async ({ browser }) => {
	flywheel = await Flywheel.startEmpty();
	const tone = choice('tone', ['good', 'bad', 'mixed']);
	({ project, batch, lars, lisa } = await twoAtOneBatch(browser, flywheel, 4, tone));
	lead = await signIn(browser, flywheel, 'owner');
});

test.afterAll(async () => {
	for (const person of [lars, lisa, lead]) await person.context.close();
	await flywheel.remove();
});

test('two people answer the same items without a network, and differ about three of them', async () => {
	for (const { page, context } of [lars, lisa]) {
		await openBatch(page, flywheel.url, project, batch);
		await context.setOffline(true);
	}
	await label(lars.page, 3, 'g');
	await label(lisa.page, 3, 'b');
	for (const { page } of [lars, lisa]) {
		await page.keyboard.press('m');
		await expect(badge(page)).toHaveAttribute('data-saved', 'device');
		await expect(toSettle(page)).toHaveCount(0);
	}
});

test('both are told at their desks, with what the other said, and so is the batch', async () => {
	await lars.context.setOffline(false);
	await expect(badge(lars.page)).toHaveAttribute('data-saved', 'server', { timeout: 60_000 });
	await lisa.context.setOffline(false);
	await expect(badge(lisa.page)).toHaveAttribute('data-saved', 'server', { timeout: 60_000 });
	for (const { page } of [lars, lisa]) {
		const look = page.getByRole('button', { name: 'Look through my answers' });
		if (await look.isVisible()) await look.click();
		await show(page, 2);
		await expect(toSettle(page)).toContainText('good');
		await expect(toSettle(page)).toContainText('bad');
		await expect(toSettle(page)).toContainText('Another member');
		await expect(page.getByText('3 items to settle')).toBeVisible();
		await expect(toSettle(page).getByRole('button')).toHaveCount(0); // a labeler is told, no more
		await show(page, 4);
		await expect(toSettle(page)).toHaveCount(0); // they agree about this one
		await show(page, 2);
		expect(await barriers(page)).toEqual([]);
		await page.reload();
		await show(page, 2);
		await expect(toSettle(page)).toBeVisible();
		await page.goto(`${flywheel.url}/projects/${project}/label`);
		await expect(page.getByText('3 to settle')).toBeVisible();
	}
	for (const id of ['day-1', 'day-2', 'day-3']) {
		const { item, history } = await itemNow(id);
		expect(item.state).toBe('settle');
		expect(history).toHaveLength(2);
	}
	expect((await itemNow('day-4')).item.state).toBe('waiting');
});

test('a reviewer chooses one of them, without a network', async () => {
	const { page, context } = lead;
	await page.goto(`${flywheel.url}/projects/${project}/review?state=settle`);
	await expect(page.getByText('which one is right?')).toBeVisible();
	await expect(page.locator('[data-item]')).toHaveAttribute('data-item', 'day-1');
	expect(await barriers(page)).toEqual([]);
	await context.setOffline(true);
	await page.getByRole('listitem').filter({ hasText: 'bad' }).getByText('This one').click();
	await expect(page.locator('[data-item]')).toHaveAttribute('data-item', 'day-2');
	await expect(badge(page)).toHaveAttribute('data-saved', 'device');
	await context.setOffline(false);
	await expect(badge(page)).toHaveAttribute('data-saved', 'server', { timeout: 60_000 });
	await expect
		.poll(async () => (await itemNow('day-1')).item)
		.toMatchObject({ state: 'labeled', answer: { values: { tone: 'bad' } } });
});

test('or answers otherwise than both', async () => {
	const { page } = lead;
	await page.keyboard.press('o');
	const other = page.getByRole('region', { name: 'Another answer' });
	await expect(other.getByRole('button', { name: 'Settle with this' })).toBeDisabled();
	await page.keyboard.press('Escape');
	await expect(other).toHaveCount(0);
	await page.keyboard.press('o');
	await page.keyboard.press('m');
	expect(await barriers(page)).toEqual([]);
	await page.keyboard.press('Enter');
	await expect(page.locator('[data-item]')).toHaveAttribute('data-item', 'day-3');
	await expect
		.poll(async () => (await itemNow('day-2')).item)
		.toMatchObject({
			state: 'labeled',
			answer: { values: { tone: 'mixed' } },
			by: ['owner'],
		});
	expect((await itemNow('day-2')).history).toHaveLength(3);
});

test('the desks of both hear of it, and nothing is asked of them any more', async () => {
	for (const { page } of [lars, lisa]) {
		await expect(page.getByText('1 to settle')).toBeVisible();
		await page.goto(`${flywheel.url}/projects/${project}/label/${batch}`);
		await show(page, 1);
		await expect(toSettle(page)).toHaveCount(0);
		await expect(page.getByText('Everything is done')).toBeVisible();
		await show(page, 3);
		await expect(toSettle(page)).toBeVisible();
	}
	const chosen = lars.page.getByRole('region', { name: 'Another answer was chosen' });
	await show(lars.page, 1); // Lisa's was chosen
	await expect(chosen).toContainText('bad');
	await expect(chosen).toContainText('Another member');
	await show(lars.page, 4); // they agreed
	await expect(chosen).toHaveCount(0);
	for (const { page } of [lars, lisa]) {
		await show(page, 2); // the reviewer answered otherwise than both
		const third = page.getByRole('region', { name: 'Another answer was chosen' });
		await expect(third).toContainText('mixed');
		expect(await barriers(page)).toEqual([]);
	}
	await show(lisa.page, 1);
	await expect(lisa.page.getByRole('region', { name: 'Another answer was chosen' })).toHaveCount(0);
});

test('what is taken up in another batch is not to settle at their desks any more', async () => {
	const { batch: other } = await flywheel.call<{ batch: string }>(
		'POST',
		`/api/projects/${project}/items/day-3/fix`,
	);
	await lead.page.goto(`${flywheel.url}/projects/${project}/label/${other}`);
	await expect(lead.page.locator('[data-item]')).toHaveAttribute('data-item', 'day-3');
	await lead.page.keyboard.press('m');
	await expect(badge(lead.page)).toHaveAttribute('data-saved', 'server');
	for (const { page } of [lars, lisa]) {
		await show(page, 3);
		await expect(page.getByRole('region', { name: 'Decided in another batch' })).toBeVisible();
		await expect(toSettle(page)).toHaveCount(0);
		await expect(page.getByText('to settle')).toHaveCount(0);
		expect(await barriers(page)).toEqual([]);
	}
});
