import { describe, expect, test } from 'vitest';
import { noCommit } from '#sync-server/git/names.ts';
import { readUpdates, refProblem, trainingOf } from '#sync-server/git/ref-policy.ts';

const some = 'a'.repeat(40);
const made = (ref: string) => ({ ref, from: noCommit, to: some });
const deleted = (ref: string) => ({ ref, from: some, to: noCommit });

describe('what people may do to references', () => {
	test.each([
		'refs/heads/main',
		'refs/heads/idea',
		'refs/heads/ada/idea',
		'refs/heads/train/first',
		'refs/heads/train/a.b-c_1',
		`refs/heads/train/${'x'.repeat(64)}`,
		'refs/heads/modelling',
		'refs/heads/datasets2/x',
		'refs/tags/v1',
		'refs/tags/snapshots',
	])('%s may be made', (ref) => {
		expect(refProblem(made(ref))).toBeUndefined();
	});

	test.each([
		'refs/heads/datasets/main',
		'refs/heads/datasets',
		'refs/heads/model/first',
		'refs/heads/model/a/b',
		'refs/heads/release/live',
		'refs/tags/snapshots/main/1',
		'refs/notes/commits',
		'refs/flywheel/pending/x',
		'HEAD',
		'refs/heads/main/x',
		'refs/heads/train',
		'refs/heads/train/a/b',
		'refs/heads/train/-x',
		'refs/heads/train/x.lock',
		'refs/heads/train/a..b',
		'refs/heads/train/ü',
		`refs/heads/train/${'x'.repeat(65)}`,
	])('%s may not be made', (ref) => {
		expect(refProblem(made(ref))).toBeTypeOf('string');
	});

	test('main stays, other branches of people may go', () => {
		expect(refProblem(deleted('refs/heads/main'))).toBeTypeOf('string');
		expect(refProblem(deleted('refs/heads/train/first'))).toBeUndefined();
		expect(refProblem(deleted('refs/heads/model/first'))).toBeTypeOf('string');
	});

	test('a push of train/<name> asks for a run, its deletion does not', () => {
		expect(trainingOf(made('refs/heads/train/first'))).toBe('first');
		expect(trainingOf(deleted('refs/heads/train/first'))).toBeUndefined();
		expect(trainingOf(made('refs/heads/main'))).toBeUndefined();
	});

	test('updates are read as git writes them', () => {
		expect(
			readUpdates(`${noCommit} ${some} refs/heads/x\n${some} ${noCommit} refs/tags/y\n`),
		).toEqual([made('refs/heads/x'), deleted('refs/tags/y')]);
	});
});
