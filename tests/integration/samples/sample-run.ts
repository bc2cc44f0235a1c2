import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { splitOf, type Split } from '#shared/numbers/split.ts';
import { answerShape } from '#shared/schema/answer.ts';
import { itemDataShape } from '#shared/schema/item.ts';
import { schemaShape } from '#shared/schema/schema.ts';
import {
	corpusLine,
	datasetJson,
	mediaPath,
	poolLine,
	shardDigits,
	shardFileName,
	shardOf,
} from '#shared/snapshot/layout.ts';
import type { Sample, SampleAnswer, SampleItem } from '#sync-server/samples/sample.ts';

export interface Row extends SampleItem {
	readonly split: Split;
}

export interface Prediction {
	readonly item: string;
	readonly answer: SampleAnswer;
	readonly confidence: number;
	readonly scores: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface Ended {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** A sample's repository checked out beside a snapshot, as the runner lays them out. */
export interface SampleRun extends AsyncDisposable {
	readonly folder: string;
	/** Runs a script of the repository in an environment built from nothing. */
	run(script: string, parameters?: object, input?: string): Promise<Ended>;
	/** A file that the run wrote, as JSON lines. */
	readLines<T>(file: string): Promise<T[]>;
}

/** Every item of a sample with its split; `isLabeled` says which of train and valid have their answer. */
export function rowsOf(sample: Sample, isLabeled: (row: Row) => boolean): Row[] {
	const answers = sample.answers();
	return Array.from(sample.items(), (item) => {
		const row: Row = { id: item.id, data: item.data, meta: item.meta, split: splitOf(item.id) };
		const answer = answers.get(item.id);
		return answer && row.split !== 'gate' && isLabeled(row) ? { ...row, answer } : row;
	});
}

/** Writes rows as a snapshot's tree (design §5); what has no answer lies in the pool, the gate's items too. */
export async function openSampleRun(sample: Sample, rows: readonly Row[]): Promise<SampleRun> {
	const home = await mkdtemp(join(tmpdir(), 'flywheel-sample-'));
	const data = join(home, 'data');
	const folder = join(home, 'checkout');
	await cp(fileURLToPath(sample.repository), folder, { recursive: true });
	await writeTree(data, sample, rows);
	return {
		folder,
		run: (script, parameters, input) => runScript({ home, folder, script, parameters, input }),
		readLines: async (file) => parseLines(await readFile(join(folder, file), 'utf8')),
		[Symbol.asyncDispose]: () => rm(home, { recursive: true }),
	};
}

export function parseLines<T>(text: string): T[] {
	return text
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => JSON.parse(line) as T);
}

async function writeTree(data: string, sample: Sample, rows: readonly Row[]): Promise<void> {
	const files = new Map<string, string | Uint8Array>();
	const count = (split: Split) => rows.filter((row) => row.answer && row.split === split).length;
	const counts = { train: count('train'), valid: count('valid'), gate: 0 };
	const pool = rows.filter(({ answer }) => !answer).length;
	const schema = schemaShape.parse(sample.schema);
	files.set(
		'dataset.json',
		datasetJson({ schema, schemaVersion: 1, counts: { ...counts, pool }, classes: {} }),
	);
	for (const row of rows) {
		const folder = row.answer ? 'items' : 'pool';
		const file = `${folder}/${shardFileName(shardOf(row.id), shardDigits(rows.length))}`;
		files.set(file, `${String(files.get(file) ?? '')}${lineOf(row)}\n`);
		for (const value of Object.values(row.data))
			if (typeof value !== 'string') {
				const bytes = sample.blob(value.blob);
				if (bytes === undefined) throw new Error(`no bytes for ${value.blob}`);
				files.set(mediaPath(value.blob, value.type), bytes);
			}
	}
	for (const [file, content] of files) {
		await mkdir(dirname(join(data, file)), { recursive: true });
		await writeFile(join(data, file), content);
	}
}

function lineOf({ answer, data, ...row }: Row): string {
	const item = { ...row, data: itemDataShape.parse(data) };
	if (!answer) return poolLine(item);
	const at = '2026-01-01T00:00:00.000Z';
	return corpusLine(item, {
		answer: answerShape.parse(answer),
		by: ['owner'],
		source: 'import',
		at,
	});
}

interface Script {
	readonly home: string;
	readonly folder: string;
	readonly script: string;
	readonly parameters: object | undefined;
	readonly input: string | undefined;
}

function runScript({ home, folder, script, parameters, input }: Script): Promise<Ended> {
	const env = {
		PATH: process.env.PATH,
		HOME: home,
		FLYWHEEL_DATA_DIR: join(home, 'data'),
		...(parameters && { FLYWHEEL_PARAMS: JSON.stringify(parameters) }),
	};
	return new Promise((resolve, reject) => {
		const child = spawn(process.execPath, [script], { cwd: folder, env });
		let [stdout, stderr] = ['', ''];
		child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
		child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
		child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }));
		child.stdin.end(input ?? '');
	});
}
