import { z } from 'zod';
import { CommandError } from '#shared/api/errors.ts';
import { predictionShape, type Prediction } from '#shared/api/prediction.ts';
import { readLines } from '#shared/formats/json-lines.ts';
import { importLines } from '../import/import-lines.ts';
import { prepareLine } from '../import/prepare-line.ts';
import type { Tables } from '../tables/tables.ts';

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
	let [seen, taken, items, refused] = [0, 0, 0, 0];
	let placed: Placed[] = [];
	let fresh: string[] = [];

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
		fresh.push(asItem);
		placed.push({ line, prediction: { ...rest, item: prepared.row.id } });
	};
	const write = async (): Promise<void> => {
		if (fresh.length > 0) {
			const text = Buffer.from(fresh.join('\n'));
			const report = await importLines(
				{ tables },
				{ project, by, lines: once(text), format: 'predictions' },
			);
			items += report.items;
		}
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
		[placed, fresh] = [[], []];
	};

	for await (const some of readLines(lines))
		for (const one of some) {
			seen++;
			if (one.kind === 'tooLong') refuse(one.line, 'longer than 8 MiB');
			else if (one.kind === 'malformed') refuse(one.line, 'not UTF-8');
			else if (one.text.trim() !== '') place(one.line, one.text);
			if (placed.length >= pieceLines) await write();
		}
	await write();
	return { lines: seen, taken, items, refused, refusals };
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

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
	yield await Promise.resolve(bytes);
}
