import { join as joinPath } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import type { ItemDetail } from '#shared/api/replies.ts';
import { backup } from '#sync-server/operator/backup.ts';
import { restore } from '#sync-server/operator/restore.ts';
import { Flywheel } from '../support/flywheel.ts';
import { makeWeather } from '../support/weather.ts';
import { openBatch } from './labeling.ts';
import { badge, join, label, replicaHas, signIn, type Person } from './people.ts';

/**
 * The server is put back to a backup while people go on working. What was acknowledged since comes back from the
 * browsers that have it: one's own as one's own, and of somebody whose device is gone what others had open.
 */
let flywheel: Flywheel;
let lead: Person;
let lars: Person;
let mia: Person;

test.afterEach(async () => {
	for (const { context } of [lead, lars]) await context.close();
	await flywheel.remove();
});

test('S16 what was done since the backup comes back from those who have it, and says whose it is', async ({
	browser,
}) => {
	flywheel = await Flywheel.startEmpty();
	const project = await makeWeather(flywheel, 16);
	const submittedBy = async (item: string): Promise<string[]> => {
		const { history } = await flywheel.call<ItemDetail>(
			'GET',
			`/api/projects/${project}/items/${item}`,
		);
		return history.map(({ by }) => by);
	};
	const saved = (page: Page) => expect(badge(page)).toHaveAttribute('data-saved', 'server');

	lead = await signIn(browser, flywheel, 'owner');
	lars = await join(browser, flywheel, { project, name: 'Lars', role: 'labeler' });
	mia = await join(browser, flywheel, { project, name: 'Mia', role: 'labeler' });
	const choose = { by: 'oldest', count: 8 };
	const [larses] = await flywheel.makeBatches(project, { choose, members: ['lars'] });
	const [mias] = await flywheel.makeBatches(project, { choose, members: ['mia'] });
	await openBatch(lars.page, flywheel.url, project, larses);
	await openBatch(mia.page, flywheel.url, project, mias);
	const before = [...(await label(lars.page, 2, 'gb')), ...(await label(mia.page, 1, 'g'))];
	await saved(lars.page);
	await saved(mia.page);
	const file = joinPath(flywheel.home, 'backup.tar.gz');
	const home = joinPath(flywheel.home, 'data');
	await backup(home, file);

	const larsSince = await label(lars.page, 3, 'gb');
	await saved(lars.page);
	await mia.page.reload();
	await expect(mia.page.locator('[data-item]')).toBeVisible();
	const miaSince = await label(mia.page, 2, 'bg');
	await saved(mia.page);
	await openBatch(lead.page, flywheel.url, project, mias);
	await expect
		.poll(() => replicaHas(lead.page, 'documents', `${project}/${mias}/answers`))
		.toBe(true);
	await saved(lead.page);
	await mia.context.close();

	await flywheel.stop();
	expect((await restore(file, home)).missing).toContain('bring it back by themselves');
	await flywheel.launch();
	await expect.poll(() => flywheel.output).toMatch(/What people did after .* may be missing/);

	const slow = { timeout: 90_000 };
	for (const item of larsSince) await expect.poll(() => submittedBy(item), slow).toEqual(['lars']);
	for (const item of miaSince)
		await expect.poll(() => submittedBy(item), slow).toEqual(['recovered:owner']);
	for (const item of before) expect(await submittedBy(item)).toHaveLength(1);
	await saved(lars.page);
	await lars.page.goto(`${flywheel.url}/waiting`);
	await expect(lars.page.getByRole('heading', { name: 'Nothing waits' })).toBeVisible();
	await expect(lars.page.getByRole('heading', { name: 'Not accepted' })).toHaveCount(0);
	await lead.page.goto(`${flywheel.url}/projects/${project}/data/${miaSince[0]}`);
	await expect(lead.page.getByText('recovered through Owner').first()).toBeVisible();
});
