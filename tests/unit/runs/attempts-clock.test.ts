import { expect, onTestFinished, test } from 'vitest';
import { leaseMs } from '#shared/api/runner-protocol.ts';
import { openRunTables } from '../../support/run-tables.ts';

const day = 24 * 60 * 60_000;

test('after the clock was set back a runner that lives keeps its run, and one that died loses it', async () => {
	const world = await openRunTables();
	onTestFinished(() => world.close());
	const { tables } = world;
	const spec = 'run: train\nneeds: { timeout: 3m }';
	const begin = day * 1000;
	const at = (ms: number): string => new Date(begin + ms).toISOString();
	const claim = async (name: string) => {
		const run = await world.makeRun({ project: name, spec, at: at(0) });
		await tables.attempts.claim({
			runner: { id: `t/${name}`, name, tags: [] },
			...{ projects: [name], tokenHash: name, at: at(0) },
		});
		return { run, attempt: 1 };
	};
	const [alive, dead] = [await claim('alive'), await claim('dead')];
	const sweep = (ms: number) =>
		tables.attempts.sweep({
			...{ now: at(ms), silentSince: at(ms - leaseMs), heardUntil: at(ms + leaseMs) },
			graceMs: 30_000,
		});
	await tables.attempts.heartbeat(alive, at(-day));
	await tables.attempts.heartbeat(alive, at(-day + leaseMs));
	expect(await sweep(-day + leaseMs)).toEqual([dead.run]);
	expect((await tables.runs.find(dead.run))!.state).toBe('queued');
	await tables.attempts.heartbeat(alive, at(-day + 2 * leaseMs));
	expect(await sweep(-day + 2 * leaseMs)).toEqual([]);
});
