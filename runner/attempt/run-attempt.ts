import { rm } from 'node:fs/promises';
import type { Assignment, Finish } from '#shared/api/runner-protocol.ts';
import { commandWith } from '#shared/run/command.ts';
import { secretsOf } from '../command/environment.ts';
import { findProcess } from '../command/processes.ts';
import { runCommand, type Exit } from '../command/run-command.ts';
import type { Options } from '../options.ts';
import { AttemptCalls } from '../server/attempt-calls.ts';
import { Refusal } from '../server/server-connection.ts';
import { AttemptFolder } from './attempt-folder.ts';
import { AttemptOutput } from './attempt-output.ts';
import { nextAttemptState, type AttemptEvent, type AttemptState } from './attempt-state.ts';
import { deliver } from './deliver.ts';
import { startHeartbeats } from './heartbeats.ts';
import { prepare } from './prepare.ts';

export type Outcome = Extract<AttemptState, { kind: 'over' }>['how'];

/** What a command may print in all; the server keeps a little more. */
const logLimitBytes = 256 * 1024 * 1024;

/** A runner that stops has little time for a last word. */
const lastWordMs = 5000;

/** Works on one attempt from its claim to its end, whatever that is, and leaves nothing behind. */
export async function runAttempt(
	assignment: Assignment,
	options: Options,
	shutdown: AbortSignal,
): Promise<Outcome> {
	const { server, work } = options;
	const folder = await AttemptFolder.create(work, { server, assignment });
	try {
		return await new AttemptWork(assignment, options, folder).run(shutdown);
	} finally {
		await folder.remove();
	}
}

class AttemptWork {
	readonly #assignment: Assignment;
	readonly #options: Options;
	readonly #folder: AttemptFolder;
	readonly #calls: AttemptCalls;
	readonly #output: AttemptOutput;
	readonly #repository: string;
	/** Aborts what is being fetched or sent when the attempt is to stop. */
	readonly #stop = new AbortController();
	/** Aborts the log and the heartbeats, which outlive the stop, when the attempt is over. */
	readonly #end = new AbortController();
	#state: AttemptState = { kind: 'preparing' };
	#exit: Exit = { exitCode: null, signal: null };

	constructor(assignment: Assignment, options: Options, folder: AttemptFolder) {
		this.#assignment = assignment;
		this.#options = options;
		this.#folder = folder;
		this.#calls = new AttemptCalls(options.server, assignment);
		this.#repository = options.server + assignment.gitPath;
		this.#output = new AttemptOutput({
			folder,
			calls: this.#calls,
			metrics: assignment.spec.metrics,
			signal: this.#end.signal,
			onRefused: (error) => this.#refused(error),
		});
	}

	async run(shutdown: AbortSignal): Promise<Outcome> {
		const { signal } = this.#end;
		startHeartbeats({
			calls: this.#calls,
			signal,
			onStop: (why) => this.#on({ kind: 'stop', why }),
		});
		const handBack = (): void => this.#on({ kind: 'stop', why: 'handed_back' });
		shutdown.addEventListener('abort', handBack, { once: true });
		if (shutdown.aborted) handBack();
		try {
			await this.#work();
			await this.#report(shutdown);
		} finally {
			shutdown.removeEventListener('abort', handBack);
			this.#end.abort();
			this.#output.close();
		}
		if (this.#state.kind !== 'over') throw new Error(`attempt ended while ${this.#state.kind}`);
		return this.#state.how;
	}

	#on(event: AttemptEvent): void {
		this.#state = nextAttemptState(this.#state, event);
		if (this.#state.kind === 'stopping') this.#stop.abort();
		if (this.#state.kind === 'over') this.#end.abort();
	}

	/** Whether it still is in that state, or was told to stop meanwhile. */
	#is(kind: AttemptState['kind']): boolean {
		return this.#state.kind === kind;
	}

	/** Everything up to the verdict. */
	async #work(): Promise<void> {
		const { spec } = this.#assignment;
		const { signal } = this.#stop;
		const say = (line: string): Promise<void> => this.#output.say(line);
		const deadline = this.#deadline();
		try {
			const environment = await prepare({
				assignment: this.#assignment,
				folder: this.#folder,
				options: this.#options,
				repository: this.#repository,
				signal,
				say,
				run: (command, environment) => this.#run(command, environment),
			});
			signal.throwIfAborted();
			await this.#calls.start(signal);
			deadline.restart();
			this.#on({ kind: 'prepared' });
			const command = commandWith(spec.run, spec.params);
			await say(`Running: ${command}`);
			signal.throwIfAborted();
			this.#exit = await this.#run(command, environment);
			deadline.end();
			this.#on({ kind: 'exited', ...this.#exit });
			if (this.#is('finishing')) {
				await this.#output.drainMetrics();
				await this.#calls.finishing(signal);
				const { checkout } = this.#folder;
				const [assignment, calls, repository] = [this.#assignment, this.#calls, this.#repository];
				await deliver({ assignment, calls, checkout, repository, signal, say });
				this.#on({ kind: 'delivered' });
			}
		} catch (error) {
			this.#refused(error);
			if (!signal.aborted) this.#on({ kind: 'broke', cause: causeOf(error) });
		} finally {
			deadline.end();
		}
		this.#on({ kind: 'stopped' });
	}

	/** Says how it ended, once the whole log is there. */
	async #report(shutdown: AbortSignal): Promise<void> {
		if (this.#state.kind !== 'reporting') return;
		const { verdict } = this.#state;
		const { signal } = this.#end;
		if (verdict.outcome === 'failed') await this.#output.say(verdict.cause);
		else await this.#output.say(verdict.outcome.replace('_', ' '));
		// A runner that is told to stop says what it can in the time it has.
		const hurry = (): void => {
			setTimeout(() => this.#end.abort(), lastWordMs).unref();
		};
		if (shutdown.aborted) hurry();
		else shutdown.addEventListener('abort', hurry, { once: true });
		try {
			await this.#output.drainMetrics();
			await this.#output.drainLog();
			const state = await this.#calls.finish(this.#finish(verdict), signal);
			if (state !== 'queued') await rm(this.#folder.checkpoints, { recursive: true, force: true });
			this.#on({ kind: 'reported' });
		} catch (error) {
			this.#refused(error);
			if (this.#state.kind === 'reporting' && !signal.aborted) throw error;
			// What could not be said before the runner stops, its next start says.
			this.#on({ kind: 'reported' });
		} finally {
			shutdown.removeEventListener('abort', hurry);
		}
	}

	#finish(verdict: Extract<AttemptState, { kind: 'reporting' }>['verdict']): Finish {
		return {
			outcome: verdict.outcome,
			...(verdict.outcome === 'failed' ? { cause: verdict.cause.slice(0, 500) } : {}),
			exitCode: this.#exit.exitCode,
			signal: this.#exit.signal,
			logBytes: this.#output.logBytes,
			failedChunks: this.#output.failedPieces,
		};
	}

	/** Runs a command, remembers its group for a runner started later, and ends it when told to. */
	async #run(command: string, environment: Record<string, string>): Promise<Exit> {
		const { signal } = this.#stop;
		const { token, env, graceMs } = this.#options;
		const { log, printedMetrics, checkout, mark } = this.#folder;
		const secrets = [this.#assignment.token, token, ...secretsOf(process.env, env)];
		const running = runCommand({
			command,
			folder: checkout,
			environment,
			output: { log, printedMetrics, secrets, limitBytes: logLimitBytes },
			graceMs,
			mark,
		});
		const stop = (): void => running.stop();
		signal.addEventListener('abort', stop, { once: true });
		if (signal.aborted) stop();
		running.started.then(
			(group) => this.#remember(group),
			() => undefined,
		);
		try {
			return await running.exited;
		} finally {
			signal.removeEventListener('abort', stop);
		}
	}

	async #remember(group: number): Promise<void> {
		const leader = await findProcess(group);
		if (!leader) return;
		const { startTime } = leader;
		const [server, assignment] = [this.#options.server, this.#assignment];
		await this.#folder.write({ server, assignment, group, startTime });
	}

	#deadline() {
		const { timeoutMs } = this.#assignment.spec;
		const start = (): NodeJS.Timeout =>
			setTimeout(
				() => this.#on({ kind: 'stop', why: 'timed_out' }),
				Math.min(timeoutMs, 2 ** 31 - 1),
			);
		let timer = start();
		return {
			restart: () => {
				clearTimeout(timer);
				timer = start();
			},
			end: () => clearTimeout(timer),
		};
	}

	#refused(error: unknown): void {
		if (error instanceof Refusal && error.isSuperseded)
			this.#on({ kind: 'stop', why: 'superseded' });
	}
}

function causeOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
