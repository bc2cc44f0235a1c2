import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endProcesses } from '#runner/command/end-processes.ts';
import { findProcess, membersOf } from '#runner/command/processes.ts';
import { runCommand } from '#runner/command/run-command.ts';

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'flywheel-processes-'));
});
afterEach(() => rm(folder, { recursive: true }));

const mark = (): string => `HOME=${folder}`;
const start = (command: string, graceMs = 500) =>
	runCommand({
		command,
		folder,
		environment: { PATH: process.env['PATH'] ?? '', HOME: folder },
		output: {
			log: join(folder, 'log'),
			printedMetrics: join(folder, 'printed'),
			secrets: ['opensesame'],
			limitBytes: 1000,
		},
		graceMs,
		mark: mark(),
	});
const log = (): Promise<string> => readFile(join(folder, 'log'), 'utf8');

test('what a command prints is in its files when it has ended, metrics apart and secrets covered', async () => {
	const command = start(
		`echo '{"step": 1, "loss": 2}'; echo opensesame; echo trouble >&2; printf '{"step": 2, "loss": NaN}'; exit 4`,
	);
	expect(await command.exited).toEqual({ exitCode: 4, signal: null });
	expect(await log()).toContain('[hidden]\n');
	expect(await log()).toContain('trouble\n');
	expect(await readFile(join(folder, 'printed'), 'utf8')).toBe(
		'{"step": 1, "loss": 2}\n{"step": 2, "loss": NaN}\n',
	);
});

test('children that a command leaves behind are ended, also those in a session of their own', async () => {
	const command = start('sleep 300 & setsid sleep 300 & echo started');
	expect(await command.exited).toEqual({ exitCode: 0, signal: null });
	expect(await membersOf(undefined, mark())).toEqual([]);
});

test('a command that will not listen is killed after its grace', async () => {
	const command = start(`trap 'echo no' TERM; echo ready; while true; do sleep 0.05; done`, 200);
	const group = await command.started;
	command.stop();
	const { exitCode, signal } = await command.exited;
	expect(signal === 'SIGKILL' || signal === 'SIGTERM' || exitCode !== 0).toBe(true);
	expect(await membersOf(group, mark())).toEqual([]);
});

test('a log has its limit, and what is too much costs nothing', async () => {
	const command = start('yes | head -c 5000000');
	expect(await command.exited).toEqual({ exitCode: 0, signal: null });
	expect((await log()).length).toBeLessThan(1200);
});

test('a command that does not exist says so', async () => {
	expect(await start('no-such-command').exited).toEqual({ exitCode: 127, signal: null });
	expect(await log()).toContain('no-such-command');
});

test('a process is known again by its start time', async () => {
	const child = spawn('sleep', ['300']);
	const found = await findProcess(child.pid!);
	expect(found?.startTime).toMatch(/\d/);
	const exit = once(child, 'exit');
	child.kill('SIGKILL');
	await exit;
	expect(await findProcess(child.pid!)).toBeUndefined();
});

test('ending nothing is done at once', async () => {
	await endProcesses({ group: undefined, mark: 'HOME=/nowhere/at/all' }, 60_000);
	expect(await membersOf(undefined, 'HOME=/nowhere/at/all')).toEqual([]);
});
