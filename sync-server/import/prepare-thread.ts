import { parentPort, workerData } from 'node:worker_threads';
import { JsonLines, type Line } from '#shared/formats/json-lines.ts';
import type { LineRefusal, PreparedLine } from '../tables/imports.ts';
import { prepareLine, type PrepareOptions } from './prepare-line.ts';

/** Bytes to split and check; null after the last. */
export type Push = Uint8Array | null;

/** What came of one push. */
export interface PreparedLines {
	readonly rows: readonly PreparedLine[];
	readonly refusals: readonly LineRefusal[];
	/** Lines that these bytes ended, blank ones left out. */
	readonly lines: number;
}

const port = parentPort;
if (!port) throw new Error('prepare-thread runs as a worker thread');
const options = workerData as PrepareOptions;
const splitter = new JsonLines();

port.on('message', (push: Push) => {
	port.postMessage(prepared(push === null ? splitter.end() : splitter.push(push)));
	if (push === null) port.close();
});

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
