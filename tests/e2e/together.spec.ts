import { expect, test, type Page, type WebSocket } from '@playwright/test';
import { barriers } from '../support/axe.ts';
import { Flywheel } from '../support/flywheel.ts';
import { choice } from '../support/weather.ts';
import { openBatch, show } from './labeling.ts';
import { badge, signIn, type Person } from './people.ts';
import { twoAtOneBatch } from './two-at-one-batch.ts';

/** Two people at one batch at the same time: they see each other, and each undoes only their own. */
test.describe.configure({ mode: 'serial' });

let flywheel: Flywheel;
let lead: Person;
let lars: Person;
let lisa: Person;
let project: string;
let batch: string;
let blind: string;

const people = (page: Page) => page.getByRole('list', { name: 'Also in this batch' });
const open = ({ page }: Person, id: string): Promise<void> =>
	openBatch(page, flywheel.url, project, id);
/** Counts what a page says about where its person is; first byte 1 is awareness. */
function countPresence(page: Page): { readonly sent: number } {
	const counted = { sent: 0 };
	page.on('websocket', (socket: WebSocket) =>
		socket.on('framesent', ({ payload }) => {
			if (typeof payload !== 'string' && payload[0] === 1) counted.sent++;
		}),
	);
	return counted;
}

test.beforeAll(async ({ browser }) => {
	flywheel = await Flywheel.startEmpty();
	const tone = choice('tone', ['good', 'bad']);
	const topics = { title: 'Topics', required: false, many: true };
	const tools = [tone, choice('topics', ['rain', 'sun'], topics)];
	({ project, batch, lars, lisa } = await twoAtOneBatch(browser, flywheel, 6, ...tools));
	lead = await signIn(browser, flywheel, 'owner');
	const choose = { by: 'oldest', count: 6 };
	const members = ['lars', 'lisa'];
	[blind] = await flywheel.makeBatches(project, { choose, members, overlap: 2, blind: true });
});

test.afterAll(async () => {
	for (const person of [lars, lisa, lead]) await person.context.close();
	await flywheel.remove();
});

test('who is here, on which item, with what under their hands', async () => {
	await open(lars, batch);
	await open(lisa, batch);
	const theirs = people(lars.page).getByRole('button', { name: /^Lisa/ });
	await expect(theirs).toHaveAccessibleName('Lisa is on item 1: go there');
	await lisa.page.keyboard.press('ArrowRight');
	await expect(theirs).toHaveAccessibleName('Lisa is on item 2: go there');
	await expect(lars.page.getByRole('button', { name: 'Item 2, open, with Lisa' })).toBeVisible();
	await theirs.click();
	await expect(lars.page.locator('[data-item]')).toHaveAttribute('data-item', 'day-2');
	await expect(people(lisa.page).getByRole('button')).toHaveAccessibleName(
		'Lars is on item 2: go there',
	);

	await lisa.page.getByRole('group', { name: 'Topics' }).getByRole('button').first().focus();
	await expect(theirs).toHaveAccessibleName(/answering Topics/);
	await expect(
		lars.page.getByRole('group', { name: 'Topics' }).getByRole('img', { name: 'Lisa' }),
	).toBeVisible();
	expect(await barriers(lars.page)).toEqual([]);

	await lisa.page.getByRole('textbox', { name: 'Write a note' }).focus();
	await expect(theirs).toHaveAccessibleName(/writing a note/);

	await lisa.page.evaluate(() => {
		(document.activeElement as HTMLElement).blur();
		const shown = document.querySelector('[data-field]')!.firstChild!;
		document.getSelection()!.setBaseAndExtent(shown, 19, shown, 26);
	});
	const marked = () =>
		lars.page.evaluate(() =>
			[...CSS.highlights.entries()].flatMap(([, highlight]) =>
				[...highlight].map((range) => (range as Range).toString()),
			),
		);
	await expect.poll(marked).toEqual(['morning']);
	await expect(theirs).toHaveAccessibleName(/with a part of the text selected/);
	await lisa.page.keyboard.press('ArrowRight');
	await expect.poll(marked).toEqual([]);
});

test('few messages leave, however fast somebody moves', async () => {
	await lisa.page.close();
	lisa.page = await lisa.context.newPage();
	const counted = countPresence(lisa.page);
	await open(lisa, batch);
	await expect(people(lars.page).getByRole('button')).toHaveCount(1);
	const [before, began] = [counted.sent, Date.now()];
	for (let press = 0; press < 60; press++)
		await lisa.page.keyboard.press(press % 2 ? 'ArrowLeft' : 'ArrowRight');
	await lisa.page.keyboard.press('ArrowRight');
	await expect(people(lars.page).getByRole('button')).toHaveAccessibleName(/on item 2/);
	const seconds = (Date.now() - began) / 1000;
	expect(counted.sent - before).toBeLessThanOrEqual(Math.ceil(seconds / 0.33) + 1);
});

test('who looks elsewhere, leaves or crashes is gone within seconds', async () => {
	const theirs = people(lars.page).getByRole('button');
	const look = (state: string) =>
		lisa.page.evaluate((now) => {
			Object.defineProperty(document, 'visibilityState', { value: now, configurable: true });
			document.dispatchEvent(new Event('visibilitychange'));
		}, state);
	await look('hidden');
	await expect(theirs).toHaveCount(0);
	await look('visible');
	await expect(theirs).toHaveCount(1);
	await lisa.page.goto(`${flywheel.url}/projects/${project}/label`);
	await expect(theirs).toHaveCount(0);

	// A second tab crashes while the first, which leads, stays.
	const second = await lisa.context.newPage();
	await second.goto(`${flywheel.url}/projects/${project}/label/${batch}`);
	await expect(theirs).toHaveCount(1);
	const crashed = second.waitForEvent('crash');
	await second.goto('chrome://crash').catch(() => undefined);
	await crashed;
	await expect(theirs).toHaveCount(0);
	await second.close();
});

test('a blind batch shows nobody, and says nothing', async () => {
	const counted = countPresence(lars.page);
	await open(lars, blind);
	await open(lead, blind);
	for (let press = 0; press < 5; press++) await lars.page.keyboard.press('ArrowRight');
	await lars.page.keyboard.press('b');
	await lars.page.keyboard.press('Enter');
	await expect(badge(lars.page)).toHaveAttribute('data-saved', 'server');
	await expect(people(lead.page)).toHaveCount(0);
	await expect(people(lars.page)).toHaveCount(0);
	expect(counted.sent).toBe(0);
});

test('z after a reload takes back what was done before it, and nothing of the other', async () => {
	await open(lars, batch);
	await open(lisa, batch);
	const { page } = lars;
	const option = (person: Person, name: string) =>
		person.page.getByRole('button', { name, pressed: true });
	await show(lars.page, 4);
	await show(lisa.page, 4);
	await page.keyboard.press('g');
	await page.keyboard.press('r');
	await page.keyboard.press('s');
	await expect(option(lisa, 'sun')).toBeVisible();
	await lisa.page.keyboard.press('b'); // Lisa changes what Lars chose
	await expect(option(lars, 'bad')).toBeVisible();
	await expect(badge(page)).toHaveAttribute('data-saved', 'server');

	await page.reload();
	await show(lars.page, 4);
	await expect(option(lars, 'sun')).toBeVisible();
	await page.keyboard.press('z');
	await expect(option(lars, 'sun')).toHaveCount(0);
	await expect(option(lars, 'rain')).toBeVisible();
	await page.keyboard.press('z');
	await expect(option(lars, 'rain')).toHaveCount(0);
	await page.keyboard.press('z');
	await expect(option(lars, 'bad')).toBeVisible(); // it is Lisa's
	await page.reload();
	await show(lars.page, 4);
	await expect(option(lars, 'bad')).toBeVisible();
	await page.keyboard.press('Shift+Z');
	await page.keyboard.press('Shift+Z');
	await expect(option(lars, 'rain')).toBeVisible();
	await expect(option(lisa, 'rain')).toBeVisible();
});
