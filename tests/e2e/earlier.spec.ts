import { expect, test } from '@playwright/test';
import { barriers } from '../support/axe.ts';
import { Flywheel } from '../support/flywheel.ts';
import { choice, makeWeather } from '../support/weather.ts';
import { badge, join, signIn } from './people.ts';

/** A lead looks at what was written about an item before it was submitted: who, when, and what it was then. */
test('a lead reads on the item’s page what a labeler chose first, and what the draft was then', async ({
	browser,
}) => {
	const flywheel = await Flywheel.startEmpty();
	try {
		const project = await makeWeather(
			flywheel,
			1,
			choice('tone', ['good tone', 'bad tone']),
			choice('season', ['spring', 'autumn'], { required: false }),
		);
		const lead = await signIn(browser, flywheel, 'owner');
		const address = `${flywheel.url}/projects/${project}/data/day-1`;
		await lead.page.goto(`${address}?earlier`);
		const earlier = lead.page.getByRole('region', { name: 'Earlier' });
		await expect(earlier).toContainText('It was in no batch yet');

		const lars = await join(browser, flywheel, { project, name: 'Lars', role: 'labeler' });
		const [batch] = await flywheel.makeBatches(project, { items: ['day-1'], members: ['lars'] });
		await lars.page.goto(`${flywheel.url}/projects/${project}/label/${batch}`);
		await expect(lars.page.locator('[data-item]')).toHaveAttribute('data-item', 'day-1');
		await lars.page.keyboard.press('g');
		await lars.page.keyboard.press('s');
		await lars.page.keyboard.press('b');
		await expect(badge(lars.page)).toHaveAttribute('data-saved', 'server');

		await lead.page.goto(address);
		await lead.page.getByRole('button', { name: 'Show what was earlier' }).press('Enter');
		await expect(lead.page).toHaveURL(`${address}?earlier`);
		const steps = earlier.getByRole('list').last().getByRole('listitem');
		await expect(steps.first()).toContainText('Lars');
		await expect(steps.first()).toContainText('changed “tone”');
		await expect(steps.first()).toContainText('good tone');
		await expect(earlier).toContainText('Steps are kept for 30 days');
		const first = steps.last();
		await expect(first).toContainText('answered “tone”');
		await first.getByText('The draft then').press('Enter');
		await expect(first.locator('.draft')).toContainText('good tone');
		await expect(first.locator('.draft')).not.toContainText('bad tone');
		for (const colorScheme of ['light', 'dark'] as const) {
			await lead.page.emulateMedia({ colorScheme });
			expect(await barriers(lead.page), colorScheme).toEqual([]);
		}

		// Without a network it says so, and comes by itself when there is one again.
		await lead.page.getByRole('button', { name: 'Hide what was earlier' }).click();
		await lead.context.setOffline(true);
		await lead.page.getByRole('button', { name: 'Show what was earlier' }).click();
		await expect(earlier.getByRole('alert')).toContainText('The server cannot be reached');
		await lead.context.setOffline(false);
		await expect(steps.first()).toContainText('changed “tone”');

		const reply = await lars.page.request.get(
			`${flywheel.url}/api/projects/${project}/items/day-1/earlier`,
		);
		expect(reply.status()).toBe(404);
		await lars.context.close();
		await lead.context.close();
	} finally {
		await flywheel.remove();
	}
});
