import { expect, type Browser, type BrowserContext, type Page } from '@playwright/test';
import type { Flywheel } from '../support/flywheel.ts';

/** Somebody at a browser of their own. */
export interface Person {
	readonly context: BrowserContext;
	page: Page;
}

/** Signs somebody in with a fresh link, at the address they reach the server by. */
export async function signIn(
	browser: Browser,
	flywheel: Flywheel,
	user: string,
	at = flywheel.url,
): Promise<Person> {
	const context = await browser.newContext();
	const page = await context.newPage();
	const link = new URL(await flywheel.signInLink(user));
	await page.goto(at + link.pathname + link.hash);
	await page.waitForURL('**/projects');
	await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
	return { context, page };
}

interface Joining {
	readonly project: string;
	readonly name: string;
	readonly role: string;
	/** The address they reach the server by. */
	readonly at?: string;
}

/** Somebody new joins a project by an invite link, at a browser of their own. */
export async function join(
	browser: Browser,
	flywheel: Flywheel,
	joining: Joining,
): Promise<Person> {
	const context = await browser.newContext();
	return { context, page: await joinAt(await context.newPage(), flywheel, joining) };
}

/** Somebody new joins a project by an invite link, on this page. */
export async function joinAt(
	page: Page,
	flywheel: Flywheel,
	{ project, name, role, at = flywheel.url }: Joining,
): Promise<Page> {
	const { link } = await flywheel.call<{ link: string }>(
		'POST',
		`/api/projects/${project}/invites`,
		{ role },
	);
	const { pathname, hash } = new URL(link);
	await page.goto(at + pathname + hash);
	await page.getByLabel('Your name').fill(name);
	await page.getByRole('button', { name: 'Join' }).click();
	await page.waitForURL(`**/projects/${project}`);
	await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
	return page;
}

/** What the badge says about where the work is. */
export function badge(page: Page) {
	return page.locator('[data-saved]');
}

/** Labels items with the keyboard alone, each once it lies on the desk; answers their ids in order. */
export async function label(page: Page, count: number, keys: string): Promise<string[]> {
	const desk = page.locator('[data-item]');
	const items: string[] = [];
	for (let index = 0; index < count; index++) {
		const item = (await desk.getAttribute('data-item'))!;
		items.push(item);
		await page.keyboard.press(keys[index % keys.length]!);
		await expect(desk).not.toHaveAttribute('data-item', item);
	}
	return items;
}

/** Whether the replica in somebody's browser holds a row. */
export function replicaHas(page: Page, table: string, id: string): Promise<boolean> {
	return page.evaluate(
		async ([store, key]) => {
			const name = (await indexedDB.databases()).find((found) =>
				found.name?.startsWith('flywheel-'),
			)!.name!;
			const database = await new Promise<IDBDatabase>((resolve, reject) => {
				const request = indexedDB.open(name);
				request.onsuccess = () => resolve(request.result);
				request.onerror = () => reject(new Error(`${name} does not open`));
			});
			const row = await new Promise<unknown>((resolve, reject) => {
				const request = database.transaction(store!).objectStore(store!).get(key!);
				request.onsuccess = () => resolve(request.result);
				request.onerror = () => reject(new Error(`${store} does not answer`));
			});
			database.close();
			return row !== undefined;
		},
		[table, id],
	);
}
