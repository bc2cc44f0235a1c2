import { z } from 'zod';
import { CommandError } from '#shared/api/errors.ts';
import { predictionShape, type Prediction } from '#shared/api/prediction.ts';
import { readLines } from '#shared/formats/json-lines.ts';
import { prepareLine } from '../import/prepare-line.ts';
import type { PreparedLine } from '../tables/imports.ts';
import type { Tables } from '../tables/tables.ts';
import { NewItems } from './new-items.ts';

/** So many predictions become durable at once. */
const pieceLines = 1000;
const carriedRefusals = 1000;

/** A line from production: a prediction of a known item, or of data that is to become one. */
const lineShape = predictionShape.extend({
	item: predictionShape.shape.item.optional(),
	model: predictionShape.shape.model.unwrap(),
	data: z.record(z.string(), z.json()).optional(),
	meta: z.record(z.string(), z.json()).optional(),
	group: z.string().optional(),
});

/** What became of the lines; the first 1,000 refusals stand in it. */
export interface PredictionsReport {
	readonly lines: number;
	readonly taken: number;
	/** New items that came along. */
	readonly items: number;
	readonly refused: number;
	readonly refusals: readonly { readonly line: number; readonly reason: string }[];
}

interface Placed {
	readonly line: number;
	readonly prediction: Prediction & { readonly model: string };
}

/** Takes a stream of predictions (NDJSON, any length). Sending it again changes nothing. */
export async function takePredictions(
	tables: Pick<Tables, 'projects' | 'imports' | 'predictions'>,
	{ project, by, lines }: { project: string; by: string; lines: AsyncIterable<Uint8Array> },
): Promise<PredictionsReport> {
	const found = await tables.projects.find(project);
	const schema = found && (await tables.projects.schema(project, found.schemaVersion));
	if (!found || !schema) throw new CommandError('not_found', `There is no project ${project}.`);
	const refusals: { line: number; reason: string }[] = [];
	const items = new NewItems(tables, found, by);
	let [seen, taken, refused] = [0, 0, 0];
	let placed: Placed[] = [];
	let rows: PreparedLine[] = [];

	const refuse = (line: number, reason: string): void => {
		refused++;
		if (refusals.length < carriedRefusals) refusals.push({ line, reason });
	};
	/** Puts a line where it belongs: with a new item where it brings one. */
	const place = (line: number, text: string): void => {
		const parsed = parse(text);
		if (typeof parsed === 'string') return refuse(line, parsed);
		const { item, data, meta, group, ...rest } = parsed;
		if (data === undefined) {
			if (item === undefined) return refuse(line, 'neither an item nor data');
			placed.push({ line, prediction: { ...rest, item } });
			return;
		}
		const asItem = JSON.stringify({ id: item, data, meta, group });
		const prepared = prepareLine(line, asItem, { schema, itemKey: found.itemKey });
		if (prepared.kind === 'refused') return refuse(line, prepared.refusal.reason);
		rows.push(prepared.row);
		placed.push({ line, prediction: { ...rest, item: prepared.row.id } });
	};
	const write = async (): Promise<void> => {
		const refusedLines = new Set<number>();
		for (const { line, reason } of await items.take(rows)) {
			refusedLines.add(line);
			refuse(line, reason);
		}
		placed = placed.filter(({ line }) => !refusedLines.has(line));
		for (const [model, list] of Map.groupBy(placed, ({ prediction }) => prediction.model)) {
			const reply = await tables.predictions.put(
				project,
				model,
				list.map(({ prediction }) => prediction),
			);
			taken += reply.taken;
			const unknown = new Set(reply.unknown);
			for (const { line, prediction } of list)
				if (unknown.has(prediction.item))
					refuse(line, `${prediction.item}: the project has no such item; send its data along`);
		}
		[placed, rows] = [[], []];
	};

	try {
		for await (const some of readLines(lines))
			for (const one of some) {
				seen++;
				if (one.kind === 'tooLong') refuse(one.line, 'longer than 8 MiB');
				else if (one.kind === 'malformed') refuse(one.line, 'not UTF-8');
				else place(one.line, one.text);
				if (placed.length >= pieceLines) await write();
			}
		await write();
	} catch (error) {
		// A disk that took no more may not take this either: `failAbandoned` writes it down later.
		await items.end('failed').catch(() => undefined);
		throw error;
	}
	await items.end('done');
	return { lines: seen, taken, items: items.count, refused, refusals };
}

/** A line as it was meant, or what is wrong with it. */
function parse(text: string): z.output<typeof lineShape> | string {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (error) {
		return `not JSON: ${(error as Error).message.slice(0, 200)}`;
	}
	const parsed = lineShape.safeParse(value);
	if (parsed.success) return parsed.data;
	const [issue] = parsed.error.issues;
	return `${issue?.path.join('.') || 'the line'}: ${issue?.message ?? 'wrong'}`;
}
