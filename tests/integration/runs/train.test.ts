import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MetricsReply } from '#shared/api/replies.ts';
import { RunWorld } from './run-world.ts';

let world: RunWorld;

beforeAll(async () => {
	world = await RunWorld.open();
});
afterAll(() => world.close());

const train = `
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
const data = process.env.FLYWHEEL_DATA_DIR;
const rows = (part) => readdirSync(data + '/' + part).flatMap((name) =>
	readFileSync(data + '/' + part + '/' + name, 'utf8').trim().split('\\n').map((line) => JSON.parse(line)));
const items = rows('items');
const pool = rows('pool');
console.log('parts ' + readdirSync(data).sort().join(' '));
console.log('hidden ' + pool.every((item) => item.answer === undefined && item.by === undefined));
console.log('environment ' + Object.keys(process.env).sort().join(' '));
console.log('given ' + process.argv[2] + ' ' + process.env.FLYWHEEL_PARAMS);
console.log('secret ' + process.env.SECRET_KEY);
for (let step = 1; step <= 20; step++) console.log(JSON.stringify({ step, loss: 1 / step }));
writeFileSync(process.env.FLYWHEEL_METRICS_FILE, '{"step": 1, "written": 7}\\n{"step": 2, "written": NaN}\\n');
const guess = (item) => ({ item: item.id, answer: { values: { sentiment: Number(item.id.slice(1)) % 2 ? 'positive' : 'negative' } }, confidence: 0.9 });
const lines = [...items.filter((item) => item.split === 'valid'), ...pool].map(guess);
writeFileSync('predictions.jsonl', [...lines, { item: 'stranger', answer: { values: {} }, confidence: 1 }, 'nonsense'].map((line) => JSON.stringify(line) + '\\n').join(''));
mkdirSync('model');
writeFileSync('model/weights.bin', Buffer.alloc(700000, 1));
writeFileSync('model/about.json', '{}');
`;
const spec = `
run: node train.mjs {lr}
params: { lr: 0.05 }
keep: [model/]
predictions: predictions.jsonl
`;

test('a push becomes a run, a curve, a model and its quality', async () => {
	const runner = world.startRunner('first', '--env', 'SECRET_KEY');
	const began = Date.now();
	const said = await world.push('first', { 'train.mjs': train, 'flywheel.yml': spec });
	expect(said).toMatch(/Run 1 is queued: http:.*\/projects\/reviews\/runs\/1/);

	const run = await world.reaches('1', 'succeeded', 'failed');
	expect(run, await world.log('1')).toMatchObject({
		state: 'succeeded',
		cause: null,
		name: 'first',
		codeMessage: 'Try first',
		attempt: 1,
		runner: 'first',
		modelBranch: 'model/first',
		last: { step: 20, loss: 0.05, written: 7 },
	});
	expect(Date.parse(run.attempts[0]!.claimedAt) - began).toBeLessThan(10_000);

	// All 80 items but those of train that are labeled are predicted, and all predictions are right.
	expect(run.predictions).toBe(80 - 20);
	expect(run.quality).toMatchObject({ value: 1, n: 40, on: ['valid', 'gate'] });
	expect(run.quality!.low).toBeLessThan(1);

	const metrics = await world.call<MetricsReply>('GET', '/api/runs/1/metrics?points=100');
	expect(metrics.attempts).toEqual([]);
	expect(metrics.series.find(({ key }) => key === 'loss')).toMatchObject({
		steps: Array.from({ length: 20 }, (_, n) => n + 1),
		stored: 20,
	});
	expect(metrics.series.find(({ key }) => key === 'written')?.values).toEqual([7, null]);

	const log = await world.log('1');
	expect(log).toContain('parts .gitattributes dataset.json items pool\n');
	expect(log).toContain('hidden true\n');
	expect(log).toContain('given 0.05 {"lr":0.05}\n');
	expect(log).toContain('secret [hidden]\n');
	expect(log).toContain('not taken: stranger: the project has no such item');
	expect(log.match(/^environment (.*)$/m)?.[1]?.split(' ')).toEqual([
		'FLYWHEEL_ATTEMPT',
		'FLYWHEEL_CHECKPOINT_DIR',
		'FLYWHEEL_DATA_DIR',
		'FLYWHEEL_METRICS_FILE',
		'FLYWHEEL_PARAMS',
		'FLYWHEEL_RUN',
		'HOME',
		'LANG',
		'PATH',
		'PWD',
		'SECRET_KEY',
		'TMPDIR',
	]);

	const folder = await world.checkout('model/first');
	expect(await readFile(join(folder, 'model/about.json'), 'utf8')).toBe('{}');
	expect(await readFile(join(folder, 'model/weights.bin'), 'utf8')).toContain('size 700000');
	const parents = await world.git(folder, 'log', '-1', '--format=%P');
	expect(parents.trim()).toBe(run.codeCommit);
	expect(await world.git(folder, 'log', '-1', '--format=%B')).toContain('Accuracy 100.0 %');

	const page = await world.call<{ predictions: object[]; total: number; next?: string }>(
		'GET',
		'/api/projects/reviews/predictions?model=run:1&order=doubtful&limit=50',
	);
	expect(page.predictions).toHaveLength(50);
	const rest = await world.call<{ predictions: object[] }>(
		'GET',
		`/api/projects/reviews/predictions?model=run:1&order=doubtful&limit=50&after=${encodeURIComponent(page.next!)}`,
	);
	expect(rest.predictions).toHaveLength(10);
	const { artifacts } = await world.call<{ artifacts: object[] }>('GET', '/api/runs/1/artifacts');
	expect(artifacts).toMatchObject([{ path: 'model/about.json' }, { path: 'model/weights.bin' }]);
	await runner.hasClearedUp();
	expect(world.faults).toEqual([]);
});

test('strangers learn nothing of runs', async () => {
	for (const path of ['', '/log', '/metrics', '/artifacts'])
		await expect(world.call('GET', `/api/runs/1${path}`, undefined, 'eve')).rejects.toThrow('404');
	await expect(world.call('POST', '/api/runs/1/retry', undefined, 'eve')).rejects.toThrow('404');
});

test('a stream of predictions makes one import, however many pieces it comes in', async () => {
	const lines = Array.from({ length: 2500 }, (_, n) => ({
		model: 'many',
		data: { text: `from production ${n}` },
		answer: { values: {} },
		confidence: 0.5,
	}));
	const reply = await fetch(`${world.url}/api/projects/reviews/predictions`, {
		method: 'POST',
		headers: { Authorization: 'Bearer ada' },
		body: lines.map((line) => JSON.stringify(line)).join('\n'),
	});
	expect(await reply.json()).toMatchObject({ taken: 2500, items: 2500, refused: 0 });
	const feed = await world.tables.changes.read({ user: 'ada', limit: 100_000 });
	const imports = feed.kind === 'page' ? feed.lines.filter(({ table }) => table === 'imports') : [];
	expect(
		imports.filter(({ row }) => row && 'format' in row && row.format === 'predictions'),
	).toMatchObject([{ row: { state: 'done', items: 2500, lines: 2500 } }]);
});

test('predictions of production are taken, with new items, and what is wrong is said by line', async () => {
	const lines = [
		{ item: 'r1', model: 'live', answer: { values: { sentiment: 'positive' } }, confidence: 0.7 },
		{ model: 'live', data: { text: 'fresh' }, answer: { values: {} }, confidence: 0.5 },
		{ item: 'nobody', model: 'live', answer: { values: {} }, confidence: 0.5 },
		{ item: 'r2', answer: { values: {} }, confidence: 0.5 },
		{ item: 'r2', model: 'live', answer: { values: {} }, confidence: 2 },
		// Known under this id, with other words: it is said of something else.
		{ item: 'r1', model: 'other', data: { text: 'x' }, answer: { values: {} }, confidence: 1 },
	];
	const send = async (as: string) => {
		const reply = await fetch(`${world.url}/api/projects/reviews/predictions`, {
			method: 'POST',
			headers: { Authorization: `Bearer ${as}` },
			body: `${lines.map((line) => JSON.stringify(line)).join('\n')}\nnonsense`,
		});
		return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
	};
	expect((await send('eve')).status).toBe(404);
	const { body } = await send('ada');
	expect(body).toMatchObject({ lines: 7, taken: 2, items: 1, refused: 5 });
	expect((body['refusals'] as { line: number }[]).map(({ line }) => line).sort()).toEqual([
		3, 4, 5, 6, 7,
	]);
	expect((await send('ada')).body).toMatchObject({ taken: 2, items: 0, refused: 5 });
	const { models } = await world.call<{ models: object[] }>('GET', '/api/projects/reviews/models');
	expect(models).toContainEqual({ model: 'live', predictions: 2 });
	expect(models).not.toContainEqual(expect.objectContaining({ model: 'other' }));
});
