import { utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { jsonShape } from '../schema/json.ts';
import { parseDurationMs } from './duration.ts';

const commandLimitBytes = 4096;
const paramsLimitBytes = 32_768;
const sweepLimit = 100;

const command = z
	.string()
	.refine((text) => text.trim() !== '', 'a command is missing')
	.refine((text) => !text.includes('\0'), 'a command has no NUL')
	.refine(
		(text) => utf8ToBytes(text).length <= commandLimitBytes,
		'a command has 4 kB at most; put the rest into a script',
	);

const path = z
	.string()
	.max(1024)
	.refine(isInside, 'a path is relative to the root of the repository and stays inside it');

const paramName = z
	.string()
	.regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/, 'a parameter is named like lr or batch_size');

const params = z
	.record(paramName, jsonShape)
	.refine(
		(values) => JSON.stringify(values).length <= paramsLimitBytes,
		'parameters have 32 kB at most',
	);

const sweep = z
	.record(paramName, z.array(jsonShape).min(1, 'a list of at least one value').max(sweepLimit))
	.refine(
		(lists) => Object.values(lists).reduce((n, list) => n * list.length, 1) <= sweepLimit,
		`a sweep makes ${sweepLimit} runs at most`,
	);

const durationAdvice = 'a duration is written 90s, 30m, 2h or 1h30m, from 1s to 30d';
const timeout = z
	.string(durationAdvice)
	.default('24h')
	.transform((text, context) => {
		const timeoutMs = parseDurationMs(text);
		if (timeoutMs !== undefined && timeoutMs >= 1000 && timeoutMs <= 30 * 86_400_000)
			return timeoutMs;
		context.addIssue(durationAdvice);
		return z.NEVER;
	});

const needs = z
	.strictObject({
		tags: z
			.array(z.string().regex(/^[A-Za-z0-9._-]{1,50}$/, 'a tag is one word'))
			.max(50)
			.default([]),
		gpus: z.number().int().min(0).max(64).default(0),
		timeout,
		retries: z.number().int().min(0).max(10).default(0),
	})
	.prefault({})
	.transform(({ timeout: timeoutMs, ...rest }) => ({ ...rest, timeoutMs }));

const goal = z.strictObject({
	metric: z.string().min(1).max(128),
	better: z.enum(['higher', 'lower']).default('higher'),
	margin: z.number().min(0).default(0),
});

/** The grammar of `flywheel.yml` (design §5, A run). */
export const specShape = z.strictObject({
	run: command,
	setup: command.optional(),
	data: z
		.string()
		.refine(isDataName, 'the name of a data set, as in datasets/<name>')
		.default('main'),
	params: params.default({}),
	sweep: sweep.optional(),
	needs,
	keep: z.array(path).max(100).default([]),
	metrics: z.array(path).max(20).default([]),
	predictions: path.optional(),
	predict: command.optional(),
	goal: goal.optional(),
});

/** The keys that each mapping of the file may have, for the nearest one to a key that it may not. */
export const knownKeys: Readonly<Record<string, readonly string[]>> = {
	'': Object.keys(specShape.shape),
	needs: ['tags', 'gpus', 'timeout', 'retries'],
	goal: Object.keys(goal.shape),
};

/** True for what may stand behind `datasets/` as a branch name. */
function isDataName(name: string): boolean {
	return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name) && !/\.\.|\.$|\.lock$/.test(name);
}

/** True for a relative path (a folder may end in `/`) without empty, `.` and `..` parts, out of `.git`. */
function isInside(text: string): boolean {
	if (/[\0\\\n]/.test(text)) return false;
	const parts = text.replace(/\/$/, '').split('/');
	return (
		parts.every((part) => part !== '' && part !== '.' && part !== '..') &&
		parts[0]?.toLowerCase() !== '.git'
	);
}
