import { describe, expect, it } from 'vitest';
import { formatSpecProblem, parseRunSpec } from '#shared/run/spec.ts';

function problems(text: string): string[] {
	const parsed = parseRunSpec(text);
	return parsed.kind === 'ok' ? [] : parsed.problems.map(formatSpecProblem);
}

const whole = `run: node train.mjs --lr {lr}
setup: npm ci
data: main
params: { lr: 0.05, epochs: 5 }
sweep: { lr: [0.01, 0.05, 0.1] }
needs: { tags: [gpu], gpus: 1, timeout: 1h30m, retries: 1 }
keep: [model/]
metrics: [metrics.jsonl, tb/]
predictions: predictions.jsonl
predict: node predict.mjs
goal: { metric: accuracy, better: higher, margin: 0.01 }
`;

describe('flywheel.yml (design §5, a run)', () => {
	it('is read whole', () => {
		expect(parseRunSpec(whole)).toEqual({
			kind: 'ok',
			spec: {
				run: 'node train.mjs --lr {lr}',
				setup: 'npm ci',
				data: 'main',
				params: { lr: 0.05, epochs: 5 },
				sweep: { lr: [0.01, 0.05, 0.1] },
				needs: { tags: ['gpu'], gpus: 1, timeoutMs: 5_400_000, retries: 1 },
				keep: ['model/'],
				metrics: ['metrics.jsonl', 'tb/'],
				predictions: 'predictions.jsonl',
				predict: 'node predict.mjs',
				goal: { metric: 'accuracy', better: 'higher', margin: 0.01 },
			},
		});
	});

	it('needs a command and nothing else', () => {
		expect(parseRunSpec('run: make train')).toEqual({
			kind: 'ok',
			spec: {
				run: 'make train',
				data: 'main',
				params: {},
				needs: { tags: [], gpus: 0, timeoutMs: 86_400_000, retries: 0 },
				keep: [],
				metrics: [],
			},
		});
	});

	it('names the nearest known key and the line of one that it does not know', () => {
		expect(problems('rum: x\nneeds:\n  timout: 2h\n')).toEqual([
			'flywheel.yml: run: missing',
			'flywheel.yml:1: rum: there is no such key; did you mean run?',
			'flywheel.yml:3: needs.timout: there is no such key; did you mean timeout?',
		]);
		expect(problems('run: x\ncompletely_other: 1')).toEqual([
			expect.stringContaining('known keys: run, setup, data'),
		]);
	});

	it.each([
		['', 'flywheel.yml: the file is a mapping of keys to values; `run: <command>` is enough'],
		[
			'- run: x',
			'flywheel.yml: the file is a mapping of keys to values; `run: <command>` is enough',
		],
		['run: a\nrun: b', 'flywheel.yml:2: Map keys must be unique'],
		['run: a\n---\nrun: b', 'flywheel.yml:2: the file holds more than one document'],
		['run: ""', 'flywheel.yml:1: run: a command is missing'],
		[
			`run: ${'x'.repeat(4097)}`,
			'flywheel.yml:1: run: a command has 4 kB at most; put the rest into a script',
		],
		[
			`run: ${'é'.repeat(2049)}`,
			'flywheel.yml:1: run: a command has 4 kB at most; put the rest into a script',
		],
		[
			'run: x\ndata: ../main',
			'flywheel.yml:2: data: the name of a data set, as in datasets/<name>',
		],
		[
			'run: x\nparams:\n  1st: 2',
			'flywheel.yml:3: params.1st: a parameter is named like lr or batch_size',
		],
		['run: x\nparams:\n  lr: .nan', 'flywheel.yml:3: params.lr: a number that is not finite'],
		['run: x\nsweep:\n  lr: []', 'flywheel.yml:3: sweep.lr: a list of at least one value'],
		['#'.repeat(70_000), 'flywheel.yml: the file has 64 kB at most'],
	])('refuses %j', (text, problem) => {
		expect(problems(text)).toEqual([problem]);
	});

	it.each(['90', '2 hours', '-1h', '0s', '31d', '1m1h', ''])(
		'refuses the duration %j',
		(timeout) => {
			expect(problems(`run: x\nneeds: { timeout: "${timeout}" }`)).toEqual([
				'flywheel.yml:2: needs.timeout: a duration is written 90s, 30m, 2h or 1h30m, from 1s to 30d',
			]);
		},
	);

	it.each([
		['90s', 90_000],
		['30m', 1_800_000],
		['2h', 7_200_000],
		['1d', 86_400_000],
	])('reads the duration %s', (timeout, timeoutMs) => {
		expect(parseRunSpec(`run: x\nneeds: { timeout: ${timeout} }`)).toMatchObject({
			spec: { needs: { timeoutMs } },
		});
	});

	it.each([
		'/etc/passwd',
		'../x',
		'a/../b',
		'./a',
		'a//b',
		'.git/config',
		'.GIT/',
		'a\\b',
		'',
		'.',
	])('refuses the path %j', (path) => {
		expect(problems(`run: x\nkeep:\n  - ${JSON.stringify(path)}`)).toEqual([
			'flywheel.yml:3: keep[0]: a path is relative to the root of the repository and stays inside it',
		]);
	});

	it('refuses a sweep of more than a hundred runs', () => {
		const list = JSON.stringify(Array.from({ length: 11 }, (_, n) => n));
		expect(problems(`run: x\nsweep: { a: ${list}, b: ${list} }`)).toEqual([
			'flywheel.yml:2: sweep: a sweep makes 100 runs at most',
		]);
	});

	it('is not fooled by aliases that unfold without end', () => {
		const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
		for (const [n, name] of [...'bcdefgh'].entries()) {
			const of = `*${'abcdefg'[n]!}`;
			bomb.push(`${name}: &${name} [${Array.from({ length: 9 }, () => of).join(',')}]`);
		}
		expect(problems(`run: x\n${bomb.join('\n')}`)).toEqual([
			expect.stringContaining('Excessive alias count'),
		]);
	});
});
