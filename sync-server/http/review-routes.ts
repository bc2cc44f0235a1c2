import { z } from 'zod';
import { corpusReader, type DataDoors } from './data-doors.ts';
import { pageShape } from './item-query.ts';
import { route, type Route } from './route.ts';

/** What waits for a reviewer. Verdicts themselves are written into documents. */
export function reviewRoutes(doors: DataDoors): Route[] {
	return [
		route({
			method: 'get',
			path: '/api/projects/:project/review',
			audience: 'person',
			summary: 'Items that wait for a verdict, were returned, or are to be settled',
			query: pageShape.extend({
				state: z.enum(['waiting', 'returned', 'settle']).default('waiting'),
				batch: z.string().max(64).optional(),
			}),
			async handle({ caller, params, query }) {
				const project = params['project']!;
				await corpusReader(doors, caller, project);
				return doors.tables.submissions.review({ project, ...query });
			},
		}),
	];
}
