import { workerData } from 'node:worker_threads';
import { JsonLines, type Line } from '#shared/formats/json-lines.ts';
import type { LineRefusal, PreparedLine } from '../tables/imports.ts';
import { serveCalls } from '../threads/serve-calls.ts';
import { prepareLine, type PrepareOptions } from './prepare-line.ts';

/** What came of one push. */
export interface PreparedLines {
	readonly rows: readonly PreparedLine[];
	readonly refusals: readonly LineRefusal[];
	/** Lines that these bytes ended, blank ones left out. */
	readonly lines: number;
}

const options = workerData as PrepareOptions;
const splitter = new JsonLines();

const preparation = {
	/** Splits and checks bytes. Their buffer comes back with the answer. */
	push(
		buffer: Uint8Array,
		length: number,
	): { readonly buffer: Uint8Array; readonly lines: PreparedLines } {
		return { buffer, lines: prepared(splitter.push(buffer.subarray(0, length))) };
	},
	/** What is left after the last bytes. */
	end: (): PreparedLines => prepared(splitter.end()),
};
export type PrepareMethods = typeof preparation;

serveCalls(preparation);

function prepared(lines: readonly Line[]): PreparedLines {
	const rows: PreparedLine[] = [];
	const refusals: LineRefusal[] = [];
	for (const line of lines) {
		switch (line.kind) {
			case 'text': {
				const one = prepareLine(line.line, line.text, options);
				if (one.kind === 'row') rows.push(one.row);
				else refusals.push(one.refusal);
				break;
			}
			case 'tooLong':
				refusals.push({ line: line.line, code: 'too_long', reason: 'Longer than 8 MiB.' });
				break;
			case 'malformed':
				refusals.push({ line: line.line, code: 'bad_text', reason: 'Not UTF-8.' });
				break;
		}
	}
	return { rows, refusals, lines: lines.length };
}
