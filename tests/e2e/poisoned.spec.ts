import { readFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import type { ItemDetail } from '#shared/api/replies.ts';
import { Flywheel } from '../support/flywheel.ts';
import { choice, makeWeather, schemaOf } from '../support/weather.ts';
import { documentOnDevice } from './device-log.ts';
import { submittedIn } from './labeling.ts';
import { badge, join, label, signIn, type Person } from './people.ts';

/**
 * What could poison a browser: a tool that was removed meanwhile, a right that was lost, bytes that something else wrote
 * into its storage. The rest of the work arrives, and what is not taken leaves as a file.
 */
test.describe.configure({ mode: 'serial' });

let flywheel: Flywheel;
let lead: Person;
let lars: Person;
let project: string;
let batch: string;

const historyOf = async (item: string): Promise<ItemDetail['history']> =>
	(await flywheel.call<ItemDetail>('GET', `/api/projects/${project}/items/${item}`)).history;

test.beforeAll(async ({ browser }) => {
	flywheel = await Flywheel.startEmpty();
	project = await makeWeather(flywheel, 12);
	lead = await signIn(browser, flywheel, 'owner');
	lars = await join(browser, flywheel, { project, name: 'Lars', role: 'labeler' });
	[batch] = await flywheel.makeBatches(project, {
		choose: { by: 'oldest', count: 12 },
		members: ['lars'],
	});
});

test.afterAll(async () => {
	for (const person of [lars, lead]) await person.context.close();
	await flywheel.remove();
});

test('a tool that was removed while somebody was away takes nothing from what they answered with it', async () => {
	const { page, context } = lars;
	await page.goto(`${flywheel.url}/projects/${project}/label/${batch}`);
	await expect(badge(page)).toHaveAttribute('data-saved', 'server');
	await context.setOffline(true);
	const items = await label(page, 2, 'gb');
	const mood = schemaOf(choice('mood', ['good', 'bad']));
	await flywheel.call('PUT', `/api/projects/${project}/schema`, mood);
	await context.setOffline(false);
	await expect(badge(page)).toHaveAttribute('data-saved', 'server', { timeout: 60_000 });
	for (const [index, item] of items.entries())
		await expect
			.poll(async () => historyOf(item))
			.toMatchObject([{ answer: { values: { tone: ['good', 'bad'][index] } } }]);
	items.push(...(await label(page, 1, 'g'))); // the batch goes on with the version it was made with
	await expect.poll(async () => historyOf(items[2]!)).toHaveLength(1);
});

test('bytes that something else wrote into the storage cost that part alone', async () => {
	const { page, context } = lars;
	await context.setOffline(true);
	const name = `${project}/${batch}/answers`;
	const onDevice = async () => submittedIn(await documentOnDevice(page, name));
	const items: string[] = [];
	for (const key of 'gbgb') {
		items.push(...(await label(page, 1, key)));
		await expect.poll(onDevice).toContain(`lars ${items.at(-1)}`); // in a row of its own
	}
	await expect(badge(page)).toHaveAttribute('data-saved', 'device');
	await page.evaluate(async (document) => {
		const name = (await indexedDB.databases()).find((found) =>
			found.name?.startsWith('flywheel-'),
		)!.name!;
		const done = <T>(request: IDBRequest<T>) =>
			new Promise<T>((resolve, reject) => {
				request.onsuccess = () => resolve(request.result);
				request.onerror = () => reject(new Error('the storage does not answer'));
			});
		const database = await done(indexedDB.open(name));
		const rows = database.transaction('updates', 'readwrite').objectStore('updates');
		const keys = (await done(rows.getAllKeys())).filter((key) => (key as string[])[0] === document);
		const [, seq] = keys.at(-2) as [string, number];
		await done(rows.put({ document, seq, data: new Uint8Array([255, 255, 255, 255, 7]) }));
		database.close();
	}, name);
	await page.reload();
	await expect(badge(page)).toHaveAttribute('data-saved', 'blocked');
	await context.setOffline(false);
	await page.goto(`${flywheel.url}/waiting`);
	await expect(page.getByRole('heading', { name: 'Nothing waits' })).toBeVisible({
		timeout: 60_000,
	});
	const row = page.getByRole('row').filter({ hasText: 'cannot be read any more' });
	await expect(row).toBeVisible();
	const arrived = () => Promise.all(items.map(async (item) => (await historyOf(item)).length));
	await expect.poll(arrived).toEqual([1, 1, 0, 1]); // the torn one is the only one
	const download = page.waitForEvent('download');
	await row.getByRole('button', { name: 'Save' }).click();
	expect(await readFile(await (await download).path(), 'utf8')).toContain('flywheel-work');
	await row.getByRole('button', { name: 'Drop' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Drop it' }).click();
	await expect(badge(page)).toHaveAttribute('data-saved', 'server');
});

test('who may only read by now is told what was not accepted, and can take it along', async () => {
	const { page, context } = lars;
	await page.goto(`${flywheel.url}/projects/${project}/label/${batch}`);
	await expect(badge(page)).toHaveAttribute('data-saved', 'server');
	await context.setOffline(true);
	const [item] = await label(page, 1, 'g');
	await flywheel.call('PUT', `/api/projects/${project}/members/lars`, { role: 'viewer' });
	await context.setOffline(false);
	await page.goto(`${flywheel.url}/waiting`);
	const row = page.getByRole('row').filter({ hasText: 'You may not write this document' });
	await expect(row).toBeVisible({ timeout: 60_000 });
	expect(await historyOf(item!)).toEqual([]);
	const download = page.waitForEvent('download');
	await row.getByRole('button', { name: 'Save' }).click();
	expect(await readFile(await (await download).path(), 'utf8')).toContain(item!);
	await page.goto(`${flywheel.url}/projects/${project}/label/${batch}`);
	await expect(page.locator('[data-item]')).toBeVisible();
});
