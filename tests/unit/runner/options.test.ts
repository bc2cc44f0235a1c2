import { expect, test } from 'vitest';
import { readOptions } from '#runner/options.ts';

test('options are read, and a token may come from the environment', () => {
	const args = [
		'--server',
		'http://host:4400/',
		'--name',
		'n',
		'--tags',
		'gpu, a100',
		'--work',
		'/w',
	];
	const more = ['--env', 'A', '--env', 'B,C', '--grace', '3', '--tied'];
	expect(readOptions([...args, ...more], { FLYWHEEL_RUNNER_TOKEN: 't' })).toEqual({
		server: 'http://host:4400',
		token: 't',
		name: 'n',
		tags: ['gpu', 'a100'],
		work: '/w',
		env: ['A', 'B', 'C'],
		graceMs: 3000,
		isTied: true,
	});
});

test.each([
	[[], '--server is missing.'],
	[['--server', 'http://h'], '--token is missing.'],
	[['--server', 'ftp://h', '--token', 't'], 'is not an http or https address'],
	[['--server', 'http://h', '--token', 't', '--grace', 'x'], '--grace'],
	[['--serve', 'http://h'], "'--serve'"],
])('%j is refused with a reason', (args, reason) => {
	expect(() => readOptions(args, {})).toThrow(reason);
});
