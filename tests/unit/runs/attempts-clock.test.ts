import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { leaseMs } from '#shared/api/runner-protocol.ts';
import { parseRunSpec } from '#shared/run/spec.ts';
import { openTables } from '#sync-server/tables/sqlite/open-tables.ts';

const day = 24 * 60 * 60_000;

test('after the clock was set back a runner that lives keeps its run, and one that died loses it', async () => {
	const folder = await mkdtemp(join(tmpdir(), 'attempts-clock-'));
	const tables = await openTables({ file: join(folder, 'tables.db') });
	onTestFinished(async () => {
		await tables.close();
		await rm(folder, { recursive: true });
	});
	const parsed = parseRunSpec('run: train\nneeds: { timeout: 3m }');
	if (parsed.kind !== 'ok') throw new Error('the specification of the test is wrong');
	const begin = day * 1000;
	const at = (ms: number): string => new Date(begin + ms).toISOString();
	const claim = async (name: string) => {
		const [made] = await tables.runs.create([
			{
				...{ project: name, name, codeCommit: 'c', codeMessage: 'm', dataName: 'main' },
				...{ dataCommit: 'd', spec: parsed.spec, params: {}, by: 'ada', at: at(0), origin: 'push' },
			},
		]);
		await tables.attempts.claim({
			runner: { id: `t/${name}`, name, tags: [] },
			...{ projects: [name], tokenHash: name, at: at(0) },
		});
		return { run: made!.id, attempt: 1 };
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
