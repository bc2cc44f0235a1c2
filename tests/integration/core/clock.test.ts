import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { submittedShape } from '#shared/corpus/submission.ts';
import { WireClient } from '../sync/wire-client.ts';
import { startTestServer } from './test-server.ts';

const day = 24 * 60 * 60_000;

test('S11 what comes to a closed batch is late, also when the clock was set back and the server began anew', async () => {
	const home = await mkdtemp(join(tmpdir(), 'flywheel-clock-'));
	onTestFinished(() => rm(home, { recursive: true, force: true }));
	const now = Date.now();
	vi.useFakeTimers({ toFake: ['Date'], now: now + day });
	onTestFinished(() => void vi.useRealTimers());
	const ahead = await startTestServer({ home });
	const project = await ahead.makeProject('Clock', [{ id: 'i1', data: { text: 'Hi' } }]);
	const [batch] = await ahead.makeBatches(project, { items: ['i1'], members: ['owner'] });
	await ahead.ownerClient.json('POST', `/api/batches/${batch}/close`);
	await ahead.close();

	vi.setSystemTime(now);
	const server = await startTestServer({ home });
	onTestFinished(() => server.close());
	const base = server.url.replace('http', 'ws');
	const client = await WireClient.join(
		`${base}/sync/${project}/${batch}/answers?token=${server.ownerClient.token}`,
	);
	const value = submittedShape.parse({
		...{ item: 'i1', by: 'owner', at: '2026-01-01T00:00:00Z', spentMs: 1, schema: 1 },
		...{ answer: { values: { sentiment: 'positive' }, regions: [], texts: {} } },
		...{ guess: 'none', after: [] },
	});
	client.edit((document) => document.getMap('submitted').set('late', value));
	expect(await client.barrier()).toBe('saved');
	await expect
		.poll(() => server.ownerClient.json('GET', `/api/projects/${project}/late`))
		.toMatchObject({ late: [{ submission: 'late' }], total: 1 });
	await client.close();
});
