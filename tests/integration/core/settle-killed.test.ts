import { afterAll, beforeAll, expect, test } from 'vitest';
import { Flywheel } from '../../support/flywheel.ts';
import { WireClient } from '../sync/wire-client.ts';

/** Two people answer the same items apart; the server is killed right behind its acknowledgement. */

let flywheel: Flywheel;
beforeAll(async () => {
	flywheel = await Flywheel.start({
		environment: { FLYWHEEL_SAMPLES: '0', FLYWHEEL_RUNNER: '0' },
	});
});
afterAll(() => flywheel.remove());

interface Detail {
	readonly item: { readonly state: string };
	readonly history: readonly { readonly submission: string }[];
}

test('S2 whoever comes first, and wherever the server dies, both answers are kept and the item is to settle', async () => {
	const { id: project } = await flywheel.call<{ id: string }>('POST', '/api/projects', {
		name: 'Weather',
		schema: {
			shows: [{ field: 'text', as: 'text' }],
			instructions: '',
			tools: [
				{
					name: 'tone',
					kind: 'choice',
					required: true,
					options: [{ name: 'good' }, { name: 'bad' }],
				},
			],
		},
	});
	await fetch(`${flywheel.direct}/api/projects/${project}/import`, {
		method: 'POST',
		headers: { Authorization: `Bearer ${flywheel.token}` },
		body: Array.from({ length: 6 }, (_, n) =>
			JSON.stringify({ id: `i${n}`, data: { text: `Day ${n}` } }),
		).join('\n'),
	});
	const {
		batches: [batch],
	} = await flywheel.call<{ batches: [string] }>('POST', `/api/projects/${project}/batches`, {
		purpose: 'label',
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
		const items = [`i${2 * round}`, `i${2 * round + 1}`];
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
			const now = () => flywheel.call<Detail>('GET', `/api/projects/${project}/items/${item}`);
			await expect.poll(async () => (await now()).item.state, { timeout: 10_000 }).toBe('settle');
			expect((await now()).history.map(({ submission }) => submission).sort()).toEqual([
				`here-${item}`,
				`there-${item}`,
			]);
		}
	}
}, 120_000);
