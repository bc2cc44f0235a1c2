import { devNull } from 'node:os';

/**
 * Every git process gets its configuration by environment and nothing else: not the operator's, not the
 * repository's to tamper with. What was acknowledged is on disk (`core.fsync`); packs are kept as packs, so
 * that one folder holds all new objects; our own names for work under way stay hidden.
 */
const config: Readonly<Record<string, string>> = {
	'core.fsync': 'committed,reference',
	'core.fsyncMethod': 'fsync',
	'core.bigFileThreshold': '64m',
	'core.logAllRefUpdates': 'false',
	'core.compression': '1',
	'http.receivepack': 'true',
	'http.getanyfile': 'false',
	'receive.fsckObjects': 'true',
	'receive.maxInputSize': '2g',
	'receive.advertisePushOptions': 'true',
	'receive.autogc': 'false',
	'transfer.unpackLimit': '1',
	'transfer.hideRefs': 'refs/flywheel',
	'fastimport.unpackLimit': '1',
	'uploadpack.allowFilter': 'true',
	'uploadpack.allowAnySHA1InWant': 'true',
	'safe.directory': '*',
	'pack.threads': '1',
	'pack.windowMemory': '256m',
	'gc.auto': '0',
	'maintenance.auto': 'false',
	'init.defaultBranch': 'main',
};

/** The whole environment of a git process, with more configuration where a caller needs it. */
export function gitEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
	const pairs = Object.entries({ ...config, ...more });
	const environment: NodeJS.ProcessEnv = {
		PATH: process.env['PATH'],
		HOME: devNull,
		LANG: 'C.UTF-8',
		TZ: 'UTC',
		GIT_CONFIG_NOSYSTEM: '1',
		GIT_CONFIG_GLOBAL: devNull,
		GIT_TERMINAL_PROMPT: '0',
		GIT_CONFIG_COUNT: String(pairs.length),
	};
	for (const [index, [key, value]] of pairs.entries()) {
		environment[`GIT_CONFIG_KEY_${index}`] = key;
		environment[`GIT_CONFIG_VALUE_${index}`] = value;
	}
	return environment;
}
