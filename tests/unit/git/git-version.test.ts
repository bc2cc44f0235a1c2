import { describe, expect, test } from 'vitest';
import { problemOf } from '#sync-server/git/git-version.ts';

describe('the machine’s git', () => {
	test.each(['git version 2.36.0', 'git version 2.39.5 (Apple Git-154)', 'git version 3.0.1'])(
		'%s will do',
		(line) => {
			expect(problemOf(line)).toBeUndefined();
		},
	);

	test.each(['git version 2.35.9', 'git version 1.99.0', 'no git at all'])(
		'%s will not',
		(line) => {
			expect(problemOf(line)).toContain('2.36 or newer');
		},
	);
});
