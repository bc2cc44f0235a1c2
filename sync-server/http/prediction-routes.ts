import { z } from 'zod';
import { CommandError } from '#shared/api/errors.ts';
import { splits } from '#shared/numbers/split.ts';
import { requestBody } from './request-body.ts';
import { route, type Route } from './route.ts';
import type { RunDoors } from './run-doors.ts';
import { takePredictions } from '../runs/take-predictions.ts';
import { wholeNumber } from './number-text.ts';

const pageQuery = z.strictObject({
	model: z.string().min(1).max(128),
	split: z.enum(splits).optional(),
	order: z.enum(['item', 'doubtful', 'confident']).default('item'),
	after: z
		.string()
		.max(300)
		.refine(isCursor, 'not a place in this list; leave it out to begin at the top')
		.optional(),
	limit: wholeNumber(1, 500).default(100),
});

/** What models said, for people. */
export function predictionRoutes({ tables, guard }: RunDoors): Route[] {
	return [
		route({
			method: 'get',
			path: '/api/projects/:project/predictions',
			audience: 'person',
			summary: 'Predictions of one model, beside the answers of the corpus',
			query: pageQuery,
			async handle({ caller, params, query }) {
				const project = params['project']!;
				await guard.project(caller, project, 'read-corpus');
				return tables.predictions.page({ project, ...query });
			},
		}),
		route({
			method: 'post',
			path: '/api/projects/:project/predictions',
			audience: 'person',
			summary: 'Take predictions (NDJSON); lines with data that is not known bring new items',
			async handle({ caller, params, request }) {
				const project = params['project']!;
				await guard.project(caller, project, 'lead');
				if (!request.body) throw new CommandError('bad_request', 'There are no predictions.');
				const lines = requestBody(request);
				return takePredictions(tables, { project, by: caller.user, lines });
			},
		}),
		route({
			method: 'get',
			path: '/api/projects/:project/models',
			audience: 'person',
			summary: 'Models that have predictions',
			async handle({ caller, params }) {
				const project = params['project']!;
				await guard.project(caller, project, 'read-corpus');
				return { models: await tables.predictions.models(project) };
			},
		}),
	];
}

/** A confidence and an item: where the page before ended. */
function isCursor(text: string): boolean {
	try {
		return z.tuple([z.number(), z.string()]).safeParse(JSON.parse(text)).success;
	} catch {
		return false;
	}
}
