import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import type * as Y from 'yjs';
import type { Flywheel } from '../support/flywheel.ts';
import { documentOnDisk } from '../support/update-log-on-disk.ts';
import { badge } from './people.ts';

/** The answers of a batch as they are in the server's log now. */
export function answersOnDisk(flywheel: Flywheel, project: string, batch: string): Y.Doc {
	const file = join(flywheel.home, 'data/updates.db');
	return documentOnDisk(file, `${project}/${batch}/answers`);
}

/** What was submitted in a document: `<user> <item>`, sorted, each as often as it is there. */
export function submittedIn(answers: Y.Doc): string[] {
	return [...answers.getMap<{ item: string; by: string }>('submitted').values()]
		.map(({ item, by }) => `${by} ${item}`)
		.sort();
}

/** Opens a batch and waits until this device has all of it. */
export async function openBatch(
	page: Page,
	at: string,
	project: string,
	batch: string,
): Promise<void> {
	await page.goto(`${at}/projects/${project}/label/${batch}`);
	await expect(page.locator('[data-item]')).toBeVisible();
	await expect(badge(page)).toHaveAttribute('data-saved', 'server');
}

/** Puts the n-th item of the batch on the desk, counted from 1. */
export async function show(page: Page, item: number): Promise<void> {
	const square = page
		.getByRole('group', { name: 'Items of this batch' })
		.getByRole('button', { name: new RegExp(`^Item ${item},`) });
	await square.click();
	await expect(square).toHaveAttribute('aria-current', 'true');
	await square.blur(); // there Enter would press it again
}

/** Answers both questions of the item on the desk and submits it; answers its id. */
export async function submitItem(page: Page, keys: string): Promise<string> {
	const item = (await page.locator('[data-item]').getAttribute('data-item'))!;
	for (const key of keys) await page.keyboard.press(key);
	await page.keyboard.press('Enter');
	return item;
}

/** What an operating system tells a page when the network is back: the app need not wait for its turn. */
export async function networkIsBack(page: Page): Promise<void> {
	await page.evaluate(() => dispatchEvent(new Event('online')));
}
