import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
	serverEnvironment,
	serverFlags,
	serverProgram,
} from '#sync-server/operator/server-command.ts';
import { freePort } from '../../support/flywheel.ts';
import { WireClient } from '../sync/wire-client.ts';
import { client, ownerToken, sentiment, type Client } from './test-server.ts';

const preload = join(import.meta.dirname, '../../support/misbehave.ts');

interface Server {
	readonly child: ChildProcessByStdio<null, Readable, Readable>;
	readonly port: number;
	readonly owner: Client;
	/** What it printed, on either output. */
	readonly printed: { readonly standard: string; readonly errors: string };
	readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

/** Starts the real program on a data folder; it is killed when the test is over. */
async function start(home: string, environment: NodeJS.ProcessEnv = {}): Promise<Server> {
	const port = await freePort();
	const child = spawn(process.execPath, [...serverFlags, serverProgram], {
		cwd: join(import.meta.dirname, '../../..'),
		stdio: ['ignore', 'pipe', 'pipe'],
		env: {
			PATH: process.env['PATH'],
			HOME: home,
			...serverEnvironment,
			PORT: String(port),
			FLYWHEEL_HOME: join(home, 'data'),
			FLYWHEEL_OWNER_TOKEN: ownerToken,
			FLYWHEEL_SAMPLES: '0',
			FLYWHEEL_RUNNER: '0',
			...environment,
		},
	});
	const ended = once(child, 'exit').then(([code, signal]) => ({
		code: code as number | null,
		signal: signal as string | null,
	}));
	onTestFinished(async () => {
		child.kill('SIGKILL');
		await ended;
	});
	const printed = { standard: '', errors: '' };
	child.stderr.on('data', (text) => (printed.errors += String(text)));
	const lines = createInterface({ input: child.stdout });
	lines.on('line', (line) => (printed.standard += `${line}\n`));
	await Promise.race([once(lines, 'line'), ended]);
	expect(printed.standard, printed.errors).toContain('Flywheel is at');
	const owner = client(`http://127.0.0.1:${port}`, 'owner', ownerToken);
	return { child, port, owner, printed, ended };
}

function newHome(): string {
	const home = mkdtempSync(join(tmpdir(), 'flywheel-ending-'));
	onTestFinished(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
	return home;
}

/** A server with a batch, and somebody who labels in it; what they wrote is acknowledged. */
async function atWork(environment: NodeJS.ProcessEnv = {}) {
	const home = newHome();
	const server = await start(home, environment);
	const { owner } = server;
	await owner.json('POST', '/api/projects', { name: 'Target', schema: sentiment });
	await owner.call('POST', '/api/projects/target/import', { id: 'a', data: { text: 'one' } });
	const { batches } = await owner.json<{ batches: string[] }>(
		'POST',
		'/api/projects/target/batches',
		{ purpose: 'label', choose: { by: 'oldest', count: 1 }, members: ['owner'] },
	);
	const join = ({ port }: Server) =>
		WireClient.join(
			`ws://127.0.0.1:${port}/sync/target/${batches[0]!}/answers?token=${ownerToken}`,
		);
	const labeler = await join(server);
	const write = async (one: WireClient, value: string): Promise<void> => {
		one.edit((document) => document.getMap('draft').set('a/v/sentiment', value));
		expect(await one.barrier(value)).toBe('saved');
	};
	await write(labeler, 'acknowledged');
	return {
		...server,
		home,
		labeler,
		write: (value: string) => write(labeler, value),
		/** Starts it again, and reads what a labeler finds. */
		foundAfterwards: async (): Promise<unknown> => {
			const again = await join(await start(home));
			const found = again.document.getMap('draft').get('a/v/sentiment');
			await again.close();
			return found;
		},
	};
}

test.each(['SIGHUP', 'SIGINT', 'SIGTERM'] as const)(
	'%s, also twice at once, closes in order: everybody hears of it, the log says so, nothing acknowledged is lost',
	async (signal) => {
		const { child, ended, printed, labeler, foundAfterwards } = await atWork();
		child.kill(signal);
		child.kill(signal);
		expect(await ended).toEqual({ code: 0, signal: null });
		await labeler.until(() => false);
		expect(labeler.closedWith).toBe(1012);
		expect(printed.standard).toContain('the server closes');
		expect(printed.standard).toContain(`"signal":"${signal}"`);
		expect(await foundAfterwards()).toBe('acknowledged');
	},
);

test('a signal that comes again while it closes does not wait for that', async () => {
	const { child, port, ended, printed, foundAfterwards } = await atWork();
	const request = connect(port, '127.0.0.1');
	onTestFinished(() => void request.destroy());
	request.on('error', () => undefined);
	request.write(
		`POST /api/projects/target/import HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer ${ownerToken}\r\nContent-Length: 1000\r\n\r\n{`,
	);
	await once(request, 'connect');
	const again = setInterval(() => child.kill('SIGTERM'), 100);
	onTestFinished(() => clearInterval(again));
	expect(await ended).toEqual({ code: 143, signal: null });
	expect(printed.standard).toContain('ends without closing');
	expect(await foundAfterwards()).toBe('acknowledged');
});

test('a reader of the output who goes away ends nothing; the log goes on where somebody reads', async () => {
	const { child, owner, printed, write, ended, foundAfterwards } = await atWork({
		LOG_LEVEL: 'info',
	});
	child.stdout.destroy();
	await vi.waitFor(async () => {
		await owner.call('GET', '/api/projects');
		expect(printed.errors).toContain('Nobody reads the output');
		expect(printed.errors).toContain('"path":"/api/projects"');
	});
	child.stderr.destroy();
	for (let round = 0; round < 5; round++) await owner.call('GET', '/api/projects');
	await write('acknowledged with nobody reading');
	child.kill('SIGTERM');
	expect(await ended).toEqual({ code: 0, signal: null });
	expect(await foundAfterwards()).toBe('acknowledged with nobody reading');
});

const misbehaving = (how: string) => ({ NODE_OPTIONS: `--import=${preload}`, MISBEHAVE: how });

test('a promise that nobody waited for is told of, and the server goes on', async () => {
	const { child, printed, write } = await atWork(misbehaving('reject'));
	child.kill('SIGUSR2');
	await vi.waitFor(() => expect(printed.standard).toContain('a promise of the test'));
	expect(printed.standard).toContain('nobody waited for it');
	await write('afterwards');
});

test('an error that nobody caught ends it, the log says which, nothing acknowledged is lost', async () => {
	const { child, printed, ended, foundAfterwards } = await atWork(misbehaving('throw'));
	child.kill('SIGUSR2');
	expect(await ended).toEqual({ code: 1, signal: null });
	expect(printed.standard).toContain('nobody caught this');
	expect(printed.standard).toContain('a bug of the test');
	expect(await foundAfterwards()).toBe('acknowledged');
});

test.each(['tables.db', 'updates.db'])(
	'the thread of %s dies: the server says so and ends, nothing acknowledged is lost',
	async (database) => {
		const { home, printed, ended, foundAfterwards } = await atWork(misbehaving(database));
		const mark = join(home, 'data', `${database}.dies`);
		writeFileSync(mark, '');
		expect(await ended).toEqual({ code: 1, signal: null });
		expect(printed.standard).toContain('a store is lost');
		expect(printed.standard).toContain('a bug of the test in a thread');
		rmSync(mark);
		expect(await foundAfterwards()).toBe('acknowledged');
	},
);
