import type { AttemptPoints } from '../metrics.ts';
import type { Database } from './database.ts';

/** One line of metrics: a step and what was measured at it. */
export interface Point {
	readonly step: number;
	readonly values: Readonly<Record<string, number>>;
}

/** Points per chunk: the newest chunk is written again with each piece until it is full (64 kB of columns). */
const chunkPoints = 4096;

/** Adds points to the columns of their keys, and to what the run shows as its newest values. */
export function addPoints(
	database: Database,
	run: number,
	attempt: number,
	points: readonly Point[],
): void {
	if (points.length === 0) return;
	const columns = new Map<string, { steps: number[]; values: number[] }>();
	for (const { step, values } of points)
		for (const [key, value] of Object.entries(values)) {
			let column = columns.get(key);
			if (!column) columns.set(key, (column = { steps: [], values: [] }));
			column.steps.push(step);
			column.values.push(value);
		}
	for (const [key, { steps, values }] of columns)
		addColumn(database, { run, attempt, key }, steps, values);
	const { first } = database
		.prepare('SELECT first_step AS first FROM attempts WHERE run = ? AND attempt = ?')
		.get(run, attempt) as { first: number | null };
	database
		.prepare(
			'UPDATE attempts SET first_step = min(coalesce(first_step, ?1), ?1) WHERE run = ?2 AND attempt = ?3',
		)
		.run(
			points.reduce((least, { step }) => Math.min(least, step), Infinity),
			run,
			attempt,
		);
	setLast(database, { run, points, isFirst: first === null });
}

function addColumn(
	database: Database,
	{ run, attempt, key }: { run: number; attempt: number; key: string },
	steps: readonly number[],
	values: readonly number[],
): void {
	const last = database
		.prepare(
			'SELECT chunk, steps, vals FROM metric_chunks WHERE run = ? AND key = ? AND attempt = ? ORDER BY chunk DESC LIMIT 1',
		)
		.get(run, key, attempt) as { chunk: number; steps: Uint8Array; vals: Uint8Array } | undefined;
	const hasRoom = last !== undefined && last.steps.byteLength / 8 + steps.length <= chunkPoints;
	const [oldSteps, oldValues] = hasRoom ? [last.steps, last.vals] : [empty, empty];
	database
		.prepare(
			`INSERT INTO metric_chunks (run, key, attempt, chunk, steps, vals) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (run, key, attempt, chunk) DO UPDATE SET steps = excluded.steps, vals = excluded.vals`,
		)
		.run(
			run,
			key,
			attempt,
			hasRoom ? last.chunk : (last?.chunk ?? 0) + 1,
			Buffer.concat([oldSteps, bytesOf(steps)]),
			Buffer.concat([oldValues, bytesOf(values)]),
		);
}

const empty = new Uint8Array(0);

function bytesOf(numbers: readonly number[]): Uint8Array {
	const bytes = Buffer.alloc(numbers.length * 8);
	for (const [index, number] of numbers.entries()) bytes.writeDoubleLE(number, index * 8);
	return bytes;
}

function numbersOf(chunks: readonly Uint8Array[]): Float64Array {
	const bytes = Buffer.concat(chunks);
	const numbers = new Float64Array(bytes.length / 8);
	for (let index = 0; index < numbers.length; index++)
		numbers[index] = bytes.readDoubleLE(index * 8);
	return numbers;
}

/**
 * `last` holds the newest finite value of each key, and under `step` how far the attempt is: the greatest
 * step, whichever file came last. The first points of an attempt begin it anew.
 */
function setLast(
	database: Database,
	{ run, points, isFirst }: { run: number; points: readonly Point[]; isFirst: boolean },
): void {
	const row = database.prepare('SELECT last FROM runs WHERE id = ?').get(run)!;
	const last = isFirst ? {} : (JSON.parse(row['last'] as string) as Record<string, number>);
	for (const { step, values } of points) {
		last['step'] = Math.max(last['step'] ?? step, step);
		for (const [key, value] of Object.entries(values))
			if (Number.isFinite(value)) last[key] = value;
	}
	database.prepare('UPDATE runs SET last = ? WHERE id = ?').run(JSON.stringify(last), run);
}

export function keysOf(database: Database, run: number): string[] {
	return database
		.prepare('SELECT DISTINCT key FROM metric_chunks WHERE run = ? ORDER BY key')
		.all(run)
		.map(({ key }) => key as string);
}

export function pointsOf(database: Database, run: number, key: string): AttemptPoints[] {
	const chunks = database
		.prepare(
			'SELECT attempt, steps, vals FROM metric_chunks WHERE run = ? AND key = ? ORDER BY attempt, chunk',
		)
		.all(run, key) as { attempt: number; steps: Uint8Array; vals: Uint8Array }[];
	return [...Map.groupBy(chunks, ({ attempt }) => attempt)].map(([attempt, list]) => ({
		attempt,
		steps: numbersOf(list.map(({ steps }) => steps)),
		values: numbersOf(list.map(({ vals }) => vals)),
	}));
}
