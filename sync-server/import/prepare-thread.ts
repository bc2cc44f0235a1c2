import { parentPort, workerData } from 'node:worker_threads';
import { JsonLines, type Line } from '#shared/formats/json-lines.ts';
import type { LineRefusal, PreparedLine } from '../tables/imports.ts';
import { prepareLine, type PrepareOptions } from './prepare-line.ts';

/** Bytes to split and check; null after the last. The buffer comes back with the reply. */
export type Push = { readonly buffer: ArrayBuffer; readonly length: number } | null;

export interface Reply {
	readonly buffer?: ArrayBuffer;
	readonly lines: PreparedLines;
}

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
	if (push === null) {
		port.postMessage({ lines: prepared(splitter.end()) } satisfies Reply);
		port.close();
		return;
	}
	const { buffer, length } = push;
	const lines = prepared(splitter.push(new Uint8Array(buffer, 0, length)));
	port.postMessage({ buffer, lines } satisfies Reply, [buffer]);
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
