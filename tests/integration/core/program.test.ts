import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../support/flywheel.ts';

const root = join(import.meta.dirname, '../../..');
let home: string;
let port: number;
const running = new Set<ChildProcess>();
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'flywheel-program-'));
	port = await freePort();
});
afterEach(async () => {
	for (const child of running) await end(child, 'SIGKILL');
});
afterAll(() => rm(home, { recursive: true, force: true }));

interface Program {
	readonly child: ChildProcess;
	/** Resolves with the first line that matches. */
	line(pattern: RegExp): Promise<RegExpExecArray>;
	/** Everything it printed, once it has ended. */
	ended(): Promise<{ code: number | null; output: string }>;
}

/** The real program as a person starts it, with nothing in its environment but what is given. */
function start(script: string, args: string[] = [], environment: NodeJS.ProcessEnv = {}): Program {
	const child = spawn(process.execPath, [`sync-server/${script}`, ...args], {
		cwd: root,
		stdio: ['ignore', 'pipe', 'pipe'],
		env: {
			PATH: process.env['PATH'],
			HOME: home,
			PORT: String(port),
			FLYWHEEL_HOME: join(home, 'data'),
			FLYWHEEL_SAMPLES: '0',
			FLYWHEEL_RUNNER: '0',
			...environment,
		},
	});
	running.add(child);
	const lines: string[] = [];
	const waiting = new Set<() => void>();
	for (const input of [child.stdout, child.stderr])
		createInterface({ input }).on('line', (line) => {
			lines.push(line);
			for (const look of waiting) look();
		});
	const closed = once(child, 'close').finally(() => running.delete(child));
	return {
		child,
		line: (pattern) =>
			new Promise((resolve, reject) => {
				const look = (): void => {
					const found = lines.map((line) => pattern.exec(line)).find((match) => match !== null);
					if (!found) return;
					waiting.delete(look);
					resolve(found);
				};
				waiting.add(look);
				look();
				void closed.then(() => reject(new Error(`it ended:\n${lines.join('\n')}`)));
			}),
		async ended() {
			await closed;
			return { code: child.exitCode, output: lines.join('\n') };
		},
	};
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
	const closed = once(child, 'close');
	child.kill(signal);
	await closed;
}

const signIn = (token: string) =>
	fetch(`http://127.0.0.1:${port}/api/session/link`, {
		method: 'POST',
		body: JSON.stringify({ token }),
	});

test('it says where it is and how to sign in, and ends cleanly', async () => {
	const program = start('main.ts');
	const [, url] = await program.line(/^Flywheel is at (\S+)$/);
	expect(url).toBe(`http://127.0.0.1:${port}`);
	const [, token] = await program.line(/http\S+\/sign-in#(\S+)$/);
	expect((await signIn(token!)).status).toBe(200);
	expect((await stat(join(home, 'data'))).mode & 0o777).toBe(0o700);

	const second = start('main.ts', [], { PORT: String(await freePort()) });
	const refused = await second.ended();
	expect(refused.code).toBe(1);
	expect(refused.output).toContain('Another server works on');

	const link = start('operator/sign-in.ts', ['owner']);
	const [, another] = await link.line(/\/sign-in#(\S+)$/);
	expect((await signIn(another!)).status).toBe(200);

	const socketsClosed = program.ended();
	program.child.kill('SIGTERM');
	expect((await socketsClosed).code).toBe(0);
});

test('killed in the middle it starts again with everything, and prints no second link', async () => {
	const first = start('main.ts');
	await first.line(/^Flywheel is at/);
	await end(first.child, 'SIGKILL');
	const again = start('main.ts');
	await again.line(/Another link at any time: npm run sign-in -- owner/);
	const ended = again.ended();
	again.child.kill('SIGTERM');
	expect((await ended).output).not.toContain('/sign-in#');
});

test('an environment it cannot use is explained', async () => {
	const { code, output } = await start('main.ts', [], {
		PORT: 'http',
		FLYWHEEL_URL: 'flywheel.example',
	}).ended();
	expect(code).toBe(1);
	expect(output).toContain('PORT: is a port number');
	expect(output).toContain('FLYWHEEL_URL: is an http or https address');
});

test('commands with a folder or a file that is none say so, and make nothing', async () => {
	const nowhere = { FLYWHEEL_HOME: join(home, 'nowhere') };
	const file = join(home, 'backup.tar');
	for (const [script, args] of [
		['operator/sign-in.ts', ['owner']],
		['operator/backup.ts', [file]],
	] as const) {
		const { code, output } = await start(script, [...args], nowhere).ended();
		expect([code, output]).toEqual([
			1,
			`There is no data in ${join(home, 'nowhere')}. FLYWHEEL_HOME names the data folder.`,
		]);
	}
	const { code, output } = await start('operator/restore.ts', [file], nowhere).ended();
	expect([code, output]).toEqual([1, `There is no file ${file}.`]);
	await expect(stat(join(home, 'nowhere'))).rejects.toThrow('ENOENT');
});

test('a sign-in link for nobody says so', async () => {
	const { code, output } = await start('operator/sign-in.ts', ['nobody']).ended();
	expect(code).toBe(1);
	expect(output).toContain('nobody called nobody');
});
