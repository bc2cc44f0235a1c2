import { appendFile, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Tail } from '../files/tail.ts';
import type { AttemptCalls } from '../server/attempt-calls.ts';
import type { AttemptFolder } from './attempt-folder.ts';

const lookForFilesEveryMs = 1000;

export interface OutputOptions {
	readonly folder: AttemptFolder;
	readonly calls: AttemptCalls;
	/** Files and folders below the checkout that hold metrics. */
	readonly metrics: readonly string[];
	/** Ends all sending. */
	readonly signal: AbortSignal;
	/** A piece was refused for good: perhaps the attempt is superseded. */
	readonly onRefused: (error: unknown) => void;
}

/**
 * Everything an attempt says, on its way to the server: its log, and metrics from wherever they are written.
 * All of it lies in files of the attempt, so that sending may be interrupted, even by the end of the runner.
 */
export class AttemptOutput {
	readonly #options: OutputOptions;
	readonly #log: Tail;
	readonly #metrics = new Map<string, Tail>();
	readonly #looking: NodeJS.Timeout;
	readonly #remarks = new Set<string>();
	#failedPieces = 0;

	constructor(options: OutputOptions) {
		this.#options = options;
		const { folder, calls, signal } = options;
		this.#log = new Tail({
			path: folder.log,
			send: (piece) => calls.log(piece, signal),
			onFailure: (error) => this.#fail(error),
			signal,
		});
		this.#follow('stdout', folder.printedMetrics);
		this.#follow('FLYWHEEL_METRICS_FILE', folder.metricsFile);
		this.#looking = setInterval(
			() => void this.#look().catch((error: unknown) => this.#fail(error)),
			lookForFilesEveryMs,
		);
	}

	get logBytes(): number {
		return this.#log.sentBytes;
	}

	get failedPieces(): number {
		return this.#failedPieces;
	}

	/** A line of the runner's own in the log. */
	async say(line: string): Promise<void> {
		await appendFile(this.#options.folder.log, `── ${line}\n`);
	}

	/** Every metric is with the server when it resolves, or was refused. */
	async drainMetrics(): Promise<void> {
		clearInterval(this.#looking);
		await this.#look();
		await Promise.all([...this.#metrics.values()].map((tail) => tail.drain()));
	}

	/** The whole log is with the server when it resolves, or was refused. */
	async drainLog(): Promise<void> {
		await this.#log.drain();
	}

	close(): void {
		clearInterval(this.#looking);
	}

	#follow(file: string, path: string): void {
		const { calls, signal } = this.#options;
		this.#metrics.set(
			file,
			new Tail({
				path,
				send: (piece) => calls.metrics(file, piece, signal),
				onFailure: (error) => this.#fail(error),
				signal,
			}),
		);
	}

	/** Looks for metrics files that were not there before. */
	async #look(): Promise<void> {
		const { folder, metrics } = this.#options;
		for (const declared of metrics) {
			for (const path of await filesAt(join(folder.checkout, declared))) {
				const file = relative(folder.checkout, path);
				if (path.includes('tfevents'))
					await this.#remark(`${file} is not read: only JSON lines are.`);
				else if (!this.#metrics.has(file)) this.#follow(file, path);
			}
		}
	}

	async #remark(line: string): Promise<void> {
		if (this.#remarks.has(line)) return;
		this.#remarks.add(line);
		await this.say(line);
	}

	#fail(error: unknown): void {
		if (this.#options.signal.aborted) return;
		this.#failedPieces++;
		this.#options.onRefused(error);
	}
}

/** The file of a path, or every file below its folder; none while there is nothing yet. */
async function filesAt(path: string): Promise<string[]> {
	try {
		const entries = await readdir(path, { recursive: true, withFileTypes: true });
		return entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === 'ENOTDIR') return [path];
		if (code === 'ENOENT') return [];
		throw error;
	}
}
