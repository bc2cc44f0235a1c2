import type { Readable } from 'node:stream';
import { readMetricLine } from '#shared/run/metric-line.ts';
import { Redactor } from '../files/redactor.ts';
import { Spool } from '../files/spool.ts';

/** Where a command's output goes, and what must not be seen in it. */
export interface OutputPlaces {
	/** The log: everything that is printed. */
	readonly log: string;
	/** The lines of stdout that are metrics. */
	readonly printedMetrics: string;
	readonly secrets: readonly string[];
	/** More than this is left out, of either. */
	readonly limitBytes: number;
}

/** A longer line is no metric. */
const lineLimit = 64 * 1024;

/** Writes what a command prints into files, until it closes its output. Memory stays at a few pieces. */
export async function keepOutput(
	{ stdout, stderr }: { readonly stdout: Readable; readonly stderr: Readable },
	{ log, printedMetrics, secrets, limitBytes }: OutputPlaces,
): Promise<void> {
	const logSpool = new Spool(log, limitBytes);
	const printed = new Spool(printedMetrics, limitBytes);

	async function keepMetrics(lines: readonly string[]): Promise<void> {
		const metrics = lines.filter((line) => readMetricLine(line) !== undefined);
		await printed.write(metrics.map((line) => `${line}\n`).join(''));
	}
	async function keepErrors(): Promise<void> {
		for await (const chunk of redacted(stderr, secrets)) await logSpool.write(chunk);
	}
	async function keepPrinted(): Promise<void> {
		const decoder = new TextDecoder();
		let open = '';
		for await (const chunk of redacted(stdout, secrets)) {
			const lines = (open + decoder.decode(chunk, { stream: true })).split('\n');
			open = (lines.pop() ?? '').slice(0, lineLimit + 1);
			// Metrics first: a log that shows a step never is ahead of its curve.
			await keepMetrics(lines);
			await logSpool.write(chunk);
		}
		await keepMetrics([open]);
	}

	await Promise.all([keepErrors(), keepPrinted()]);
	await Promise.all([logSpool.close(), printed.close()]);
}

function redacted(stream: Readable, secrets: readonly string[]): AsyncIterable<Buffer> {
	return stream.pipe(new Redactor(secrets));
}
