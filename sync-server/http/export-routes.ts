import { z } from 'zod';
import { CommandError } from '#shared/api/errors.ts';
import { corpusLines } from '../export/corpus-lines.ts';
import { predictionLines } from '../export/prediction-lines.ts';
import { corpusReader, type DataDoors } from './data-doors.ts';
import { route, type Route } from './route.ts';

/** Exports: a stream of JSON lines, and in the header `X-Left-Out` what it does not carry. */
export function exportRoutes(doors: DataDoors): Route[] {
	const { tables } = doors;
	return [
		route({
			method: 'get',
			path: '/api/projects/:project/export',
			audience: 'person',
			summary: 'The corpus or the predictions as JSON lines; X-Left-Out says what they lack',
			query: z.object({
				format: z.string().default('jsonl'),
				of: z.enum(['corpus', 'predictions']).default('corpus'),
				/** Of one model, `run:12`; without it of all. */
				model: z.string().max(128).optional(),
			}),
			async handle({ caller, params, query }) {
				const project = params['project']!;
				await corpusReader(doors, caller, project);
				if (query.format !== 'jsonl')
					throw new CommandError('unsupported_format', `There is no export as ${query.format}.`);
				if (query.of === 'corpus') {
					const { open, withdrawn } = await tables.items.unanswered(project);
					const leftOut = `items without an answer: ${open}; withdrawn items: ${withdrawn}; earlier answers, notes, media bytes`;
					return stream(corpusLines(tables, project), `${project}-corpus.jsonl`, leftOut);
				}
				const known = (await tables.predictions.models(project)).map(({ model }) => model);
				const models = known.filter((model) => query.model === undefined || model === query.model);
				const lines = predictionLines(tables, project, models);
				const leftOut = 'the items themselves; predictions of withdrawn items';
				return stream(lines, `${project}-predictions.jsonl`, leftOut);
			},
		}),
	];
}

function stream(lines: AsyncGenerator<string>, fileName: string, leftOut: string): Response {
	const encoder = new TextEncoder();
	const body = new ReadableStream<Uint8Array>({
		async pull(controller) {
			const next = await lines.next();
			if (next.done) controller.close();
			else controller.enqueue(encoder.encode(next.value));
		},
		async cancel() {
			await lines.return(undefined);
		},
	});
	return new Response(body, {
		headers: {
			'Content-Type': 'application/x-ndjson',
			'Content-Disposition': `attachment; filename="${fileName}"`,
			'X-Content-Type-Options': 'nosniff',
			'X-Left-Out': leftOut,
		},
	});
}
