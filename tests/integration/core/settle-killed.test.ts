import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ItemDetail } from '#shared/api/replies.ts';
import { Flywheel } from '../../support/flywheel.ts';
import { makeWeather } from '../../support/weather.ts';
import { WireClient } from '../sync/wire-client.ts';

/** Two people answer the same items apart; the server is killed right behind its acknowledgement. */

let flywheel: Flywheel;
beforeAll(async () => {
	flywheel = await Flywheel.startEmpty();
});
afterAll(() => flywheel.remove());

test('S2 whoever comes first, and wherever the server dies, both answers are kept and the item is to settle', async () => {
	const project = await makeWeather(flywheel, 6);
	const [batch] = await flywheel.makeBatches(project, {
		choose: { by: 'oldest', count: 6 },
		members: ['owner'],
	});
	const join = () =>
		WireClient.join(
			`${flywheel.direct.replace('http', 'ws')}/sync/${project}/${batch}/answers?token=${flywheel.token}`,
		);
	const answer = (client: WireClient, item: string, id: string, tone: string) =>
		client.edit((document) =>
			document.getMap('submitted').set(id, {
				item,
				by: 'owner',
				at: new Date().toISOString(),
				spentMs: 1,
				schema: 1,
				answer: { values: { tone }, regions: [], texts: {} },
				guess: 'none',
				after: [],
			}),
		);
	for (let round = 0; round < 3; round++) {
		const items = [`day-${2 * round + 1}`, `day-${2 * round + 2}`];
		// Both are open before either has written: neither has seen the other's answer.
		const [here, there] = [await join(), await join()];
		for (const item of items) answer(here, item, `here-${item}`, 'good');
		if (round > 0) {
			expect(await here.barrier()).toBe('saved');
			await flywheel.kill(); // between the log and the tables
			await flywheel.launch();
		}
		const late = round > 0 ? await join() : there;
		for (const item of items) answer(late, item, `there-${item}`, 'bad');
		expect(await late.barrier()).toBe('saved');
		await flywheel.kill();
		await flywheel.launch();
		for (const item of items) {
			const now = () => flywheel.call<ItemDetail>('GET', `/api/projects/${project}/items/${item}`);
			await expect.poll(async () => (await now()).item.state).toBe('settle');
			expect((await now()).history.map(({ submission }) => submission).sort()).toEqual([
				`here-${item}`,
				`there-${item}`,
			]);
		}
	}
});
