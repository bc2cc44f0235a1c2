import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import type * as Y from 'yjs';
import type { Flywheel } from '../support/flywheel.ts';
import { documentOnDisk } from '../support/update-log-on-disk.ts';
import { badge } from './people.ts';

/** A project whose items ask two questions: a key answers one, Enter submits both. */
export async function makeProject(flywheel: Flywheel, items: number): Promise<string> {
	const { id } = await flywheel.call<{ id: string }>('POST', '/api/projects', {
		name: 'Weather',
		schema: {
			shows: [{ field: 'text', as: 'text' }],
			instructions: '',
			tools: [choice('tone', ['good', 'bad']), choice('place', ['home', 'work'])],
		},
	});
	await fetch(`${flywheel.direct}/api/projects/${id}/import`, {
		method: 'POST',
		headers: { Authorization: `Bearer ${flywheel.token}` },
		body: Array.from({ length: items }, (_, index) =>
			JSON.stringify({
				id: `day-${index + 1}`,
				data: { text: `Day ${index + 1}: rain, then sun` },
			}),
		).join('\n'),
	});
	return id;
}

function choice(name: string, options: readonly string[]): object {
	return {
		name,
		kind: 'choice',
		required: true,
		options: options.map((option) => ({ name: option, key: option[0] })),
	};
}

/** A batch of the oldest items that are in none, for everybody who labels. */
export async function makeBatch(
	flywheel: Flywheel,
	project: string,
	count: number,
): Promise<string> {
	const { members } = await flywheel.call<{ members: { user: string; role: string }[] }>(
		'GET',
		`/api/projects/${project}/members`,
	);
	const { batches } = await flywheel.call<{ batches: [string] }>(
		'POST',
		`/api/projects/${project}/batches`,
		{
			purpose: 'label',
			choose: { by: 'oldest', count },
			members: members.filter(({ role }) => role === 'labeler').map(({ user }) => user),
		},
	);
	return batches[0];
}

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
