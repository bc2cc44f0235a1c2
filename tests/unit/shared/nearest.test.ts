import { expect, test } from 'vitest';
import { nearest } from '#shared/run/nearest.ts';

const keys = ['run', 'setup', 'predictions', 'predict', 'timeout'];

test('a word with a letter too many, missing, wrong or swapped is found', () => {
	expect(nearest('rum', keys)).toBe('run');
	expect(nearest('rnu', keys)).toBe('run');
	expect(nearest('stup', keys)).toBe('setup');
	expect(nearest('timeeout', keys)).toBe('timeout');
	expect(nearest('preditcions', keys)).toBe('predictions');
});

test('what is like nothing is nothing’s', () => {
	expect(nearest('xyz', keys)).toBeUndefined();
	expect(nearest('', keys)).toBeUndefined();
	expect(nearest('run', [])).toBeUndefined();
});
