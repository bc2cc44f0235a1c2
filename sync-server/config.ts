import { resolve } from 'node:path';
import { z } from 'zod';

/** How the server is run (design §5, the environment). */
export interface Config {
	readonly host: string;
	readonly port: number;
	/** The public address without a slash at its end; undefined: where it listens. */
	readonly url: string | undefined;
	/** The data folder, absolute. */
	readonly home: string;
	readonly ownerToken: string | undefined;
	readonly withSamples: boolean;
	/** Undefined: on for loopback, off otherwise. */
	readonly withRunner: boolean | undefined;
	/** How many days of what documents looked like before are kept; 0: none. */
	readonly historyDays: number;
}

/** An environment that cannot be used; each problem names its variable. */
export class ConfigError extends Error {
	readonly problems: readonly string[];

	constructor(problems: readonly string[]) {
		super(problems.join('\n'));
		this.name = 'ConfigError';
		this.problems = problems;
	}
}

const flag = z.enum(['0', '1'], 'is 0 or 1');

const environmentShape = z.object({
	HOST: z.string().min(1).default('127.0.0.1'),
	PORT: z
		.string()
		.regex(/^\d{1,5}$/, 'is a port number')
		.transform(Number)
		.refine((port) => port <= 65535, 'is a port number')
		.default(4400),
	FLYWHEEL_URL: z
		.url({ protocol: /^https?$/, error: 'is an http or https address' })
		.transform((text) => new URL(text))
		.refine(
			({ pathname, search, hash }) => pathname === '/' && search === '' && hash === '',
			'has no path: the app lives at the root of its address',
		)
		.transform(({ origin }) => origin)
		.optional(),
	FLYWHEEL_HOME: z.string().min(1).default('.flywheel'),
	FLYWHEEL_OWNER_TOKEN: z.string().min(16, 'has at least 16 characters').optional(),
	FLYWHEEL_SAMPLES: flag.optional(),
	FLYWHEEL_RUNNER: flag.optional(),
	FLYWHEEL_HISTORY_DAYS: z
		.string()
		.regex(/^\d{1,5}$/, 'is a number of days, 0 for none')
		.transform(Number)
		.default(30),
});

/** Reads the environment; an empty variable counts as none. Throws a ConfigError that names every problem. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
	const given = Object.fromEntries(
		Object.keys(environmentShape.shape)
			.map((name) => [name, environment[name]] as const)
			.filter(([, value]) => value !== undefined && value !== ''),
	);
	const parsed = environmentShape.safeParse(given);
	if (!parsed.success)
		throw new ConfigError(
			parsed.error.issues.map(({ path, message }) => `${String(path[0])}: ${message}`),
		);
	const values = parsed.data;
	return {
		host: values.HOST,
		port: values.PORT,
		url: values.FLYWHEEL_URL,
		home: resolve(values.FLYWHEEL_HOME),
		ownerToken: values.FLYWHEEL_OWNER_TOKEN,
		withSamples: values.FLYWHEEL_SAMPLES !== '0',
		withRunner: values.FLYWHEEL_RUNNER === undefined ? undefined : values.FLYWHEEL_RUNNER === '1',
		historyDays: values.FLYWHEEL_HISTORY_DAYS,
	};
}

/** True where only this machine can connect. */
export function isLoopback(host: string): boolean {
	return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Whether browsers run a service worker for pages of an address: https, or this machine. */
export function canWorkOffline(url: string): boolean {
	const { protocol, hostname } = new URL(url);
	return protocol === 'https:' || isLoopback(hostname.replace(/^\[|\]$/g, ''));
}
