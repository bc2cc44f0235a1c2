import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import { splitOf } from '#shared/numbers/split.ts';
import { answerShape, misfits } from '#shared/schema/answer.ts';
import { schemaShape } from '#shared/schema/schema.ts';
import { fashion } from '#sync-server/samples/fashion/fashion.ts';
import { reviews } from '#sync-server/samples/reviews/reviews.ts';
import type { Sample } from '#sync-server/samples/sample.ts';
import { samples } from '#sync-server/samples/samples.ts';
import {
	openSampleRun,
	parseLines,
	rowsOf,
	type Prediction,
	type Row,
	type SampleRun,
} from './sample-run.ts';

interface Metric {
	readonly step: number;
	readonly loss: number;
	readonly accuracy?: number;
}

describe('with all labels of train', () => {
	test('Reviews reaches 0.80 on valid and gate together', async () => {
		expect(await meanAccuracy(reviews, [1])).toBeGreaterThanOrEqual(0.8);
	});

	test('Fashion reaches 0.76 on valid and gate together, as the mean of five seeds', async () => {
		expect(await meanAccuracy(fashion, [1, 2, 3, 4, 5])).toBeGreaterThanOrEqual(0.76);
	});
});

describe.each(samples)('$name', (sample) => {
	test('prints a metric line per epoch and predicts all of valid and pool', async () => {
		const labeled = new Set(Array.from(sample.items()).flatMap((i) => (i.answer ? [i.id] : [])));
		const rows = rowsOf(sample, (row) => labeled.has(row.id));
		await using run = await openSampleRun(sample, rows);
		const parameters = { epochs: 3 };
		const { code, stdout, stderr } = await run.run('train.mjs', parameters);
		expect({ code, stderr }).toEqual({ code: 0, stderr: '' });

		const metrics = parseLines<Metric>(stdout);
		expect(metrics).toHaveLength(parameters.epochs);
		for (const [i, { step, loss, accuracy }] of metrics.entries()) {
			expect(step).toBeGreaterThan(metrics[i - 1]?.step ?? 0);
			expect(loss).toBeGreaterThan(0);
			expect(accuracy).toBeGreaterThan(1 / 10);
		}
		expect(metrics.at(-1)?.loss).toBeLessThan(metrics[0]?.loss ?? 0);

		const predictions = await run.readLines<Prediction>('predictions.jsonl');
		const asked = rows.filter((row) => row.split === 'valid' || row.answer === undefined);
		expect(predictions.map(({ item }) => item).sort()).toEqual(asked.map(({ id }) => id).sort());
		for (const prediction of predictions) expectComplete(prediction, sample);
	});

	test('the same seed gives the same bytes, another one gives others', async () => {
		await using run = await openSampleRun(sample, someLabeled(sample, 40));
		const bytes = async (seed: number) => {
			const { stdout } = await run.run('train.mjs', { seed, epochs: 2 });
			return stdout + (await readFile(`${run.folder}/predictions.jsonl`, 'utf8'));
		};
		const first = await bytes(7);
		expect(await bytes(7)).toBe(first);
		expect(await bytes(8)).not.toBe(first);
	});

	test('predict says of the same items what train said', async () => {
		await using run = await openSampleRun(sample, someLabeled(sample, 40));
		await run.run('train.mjs', { epochs: 2 });
		const said = new Map(
			(await run.readLines<Prediction>('predictions.jsonl')).map((p) => [p.item, p]),
		);
		const items = rowsOf(sample, () => false)
			.filter(({ id }) => said.has(id))
			.slice(0, 200);
		const input = items.map((item) => JSON.stringify(item)).join('\n');
		const { code, stdout } = await run.run('predict.mjs', undefined, input);
		expect(code).toBe(0);
		expect(parseLines(stdout)).toEqual(items.map(({ id }) => said.get(id)));
	});

	test('five labels are enough to train', async () => {
		await using run = await openSampleRun(sample, someLabeled(sample, 5));
		const { code, stdout, stderr } = await run.run('train.mjs');
		expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
		for (const metric of parseLines<Metric>(stdout)) {
			expect(metric.loss).toBeTypeOf('number');
			expect(metric).not.toHaveProperty('accuracy'); // nothing in valid to measure it on
		}
		for (const prediction of await run.readLines<Prediction>('predictions.jsonl'))
			expectComplete(prediction, sample);
	});

	test('without a label it says so and fails', async () => {
		await using run = await openSampleRun(sample, rowsOf(sample, () => false).slice(0, 50));
		const { code, stdout, stderr } = await run.run('train.mjs');
		expect(code).toBe(1);
		expect(stdout).toBe('');
		expect(stderr).toBe(
			'Nothing to learn from: no item of the split train has a label. Label some first.\n',
		);
	});

	test('without FLYWHEEL_PARAMS it trains with those of flywheel.yml', async () => {
		const file = await readFile(new URL('flywheel.yml', sample.repository), 'utf8');
		const { params } = parse(file) as { readonly params: object };
		await using run = await openSampleRun(sample, someLabeled(sample, 20));
		expect(await run.run('train.mjs')).toEqual(await run.run('train.mjs', params));
	});
});

test('Fashion names the file when an image is still an LFS pointer', async () => {
	const rows = someLabeled(fashion, 5);
	const pointers: Sample = {
		...fashion,
		blob: () => Buffer.from('version https://git-lfs.github.com/spec/v1\n'),
	};
	await using run = await openSampleRun(pointers, rows);
	const { code, stderr } = await run.run('train.mjs');
	expect(code).toBe(1);
	expect(stderr).toMatch(
		/[0-9a-f]{64}\.png is only a pointer: fetch the images with `git lfs pull`/,
	);
});

/** Trains once for each seed and measures, on what was not learned from, the share of right answers. */
async function meanAccuracy(sample: Sample, seeds: readonly number[]): Promise<number> {
	await using run = await openSampleRun(
		sample,
		rowsOf(sample, () => true),
	);
	const accuracies: number[] = [];
	for (const seed of seeds) accuracies.push(await accuracyOf(sample, run, seed));
	return accuracies.reduce((a, b) => a + b) / accuracies.length;
}

async function accuracyOf(sample: Sample, run: SampleRun, seed: number): Promise<number> {
	const { code, stderr } = await run.run('train.mjs', { seed });
	expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
	const answers = sample.answers();
	const predictions = await run.readLines<Prediction>('predictions.jsonl');
	const judged = [...answers.keys()].filter((id) => splitOf(id) !== 'train');
	expect(predictions.map(({ item }) => item).sort()).toEqual(judged.sort());
	const right = predictions.filter(
		({ item, answer }) => JSON.stringify(answer) === JSON.stringify(answers.get(item)),
	);
	return right.length / predictions.length;
}

/** A sample's rows of which the first `count` of train are labeled, and nothing else. */
function someLabeled(sample: Sample, count: number): Row[] {
	let left = count;
	return rowsOf(sample, (row) => row.split === 'train' && left-- > 0);
}

function expectComplete(prediction: Prediction, sample: Sample): void {
	const schema = schemaShape.parse(sample.schema);
	expect(misfits(answerShape.parse(prediction.answer), schema)).toEqual([]);
	for (const [tool, scores] of Object.entries(prediction.scores)) {
		const numbers = Object.values(scores);
		expect(numbers.reduce((a, b) => a + b)).toBeCloseTo(1, 3);
		expect(prediction.confidence).toBe(Math.max(...numbers));
		expect(scores[prediction.answer.values[tool] ?? '']).toBe(prediction.confidence);
	}
}
