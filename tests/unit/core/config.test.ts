import { expect, test } from 'vitest';
import { canWorkOffline, ConfigError, isLoopback, readConfig } from '#sync-server/config.ts';

test('an empty environment gives the defaults of the design', () => {
	expect(readConfig({})).toMatchObject({
		host: '127.0.0.1',
		port: 4400,
		url: undefined,
		ownerToken: undefined,
		withSamples: true,
		withRunner: undefined,
		historyDays: 30,
	});
	expect(readConfig({}).home).toMatch(/\.flywheel$/);
	expect(readConfig({ PORT: '', FLYWHEEL_URL: '' })).toEqual(readConfig({}));
});

test('what is given is read', () => {
	expect(
		readConfig({
			HOST: '0.0.0.0',
			PORT: '80',
			FLYWHEEL_URL: 'https://flywheel.example/',
			FLYWHEEL_HOME: '/data',
			FLYWHEEL_SAMPLES: '0',
			FLYWHEEL_RUNNER: '1',
			FLYWHEEL_HISTORY_DAYS: '0',
		}),
	).toMatchObject({
		port: 80,
		url: 'https://flywheel.example',
		home: '/data',
		withSamples: false,
		withRunner: true,
		historyDays: 0,
	});
});

test('every problem names its variable', () => {
	const wrong = {
		PORT: '99999',
		FLYWHEEL_URL: 'ftp://x',
		FLYWHEEL_OWNER_TOKEN: 'short',
		FLYWHEEL_RUNNER: 'yes',
		FLYWHEEL_HISTORY_DAYS: '-1',
	};
	expect(() => readConfig(wrong)).toThrow(ConfigError);
	try {
		readConfig(wrong);
	} catch (error) {
		for (const name of Object.keys(wrong)) expect((error as Error).message).toContain(name);
	}
	expect(() => readConfig({ FLYWHEEL_URL: 'https://x.example/path' })).toThrow('no path');
});

test.each([
	['http://127.0.0.1:4400', true],
	['http://localhost:4400', true],
	['http://[::1]:4400', true],
	['https://flywheel.example', true],
	['http://flywheel.example', false],
	['http://192.168.1.4:4400', false],
	['http://127.0.0.1.example', false],
])('%s: offline works is %s', (url, expected) => {
	expect(canWorkOffline(url)).toBe(expected);
});

test('loopback is this machine alone', () => {
	expect(['127.0.0.1', '127.9.9.9', 'localhost', '::1'].every(isLoopback)).toBe(true);
	expect(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example'].some(isLoopback)).toBe(false);
});
