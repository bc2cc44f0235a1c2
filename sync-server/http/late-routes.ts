import { z } from 'zod';
import { corpusReader, type DataDoors } from './data-doors.ts';
import { route, type Route } from './route.ts';
import { wholeNumber } from './number-text.ts';

/** What came after its batch was closed (S11): shown to leads, who take it in or set it aside. */
export function lateRoutes(doors: DataDoors): Route[] {
	const { tables, guard } = doors;
	return [
		route({
			method: 'get',
			path: '/api/projects/:project/late',
			audience: 'person',
			summary: 'Submissions that came after their batch was closed and were not taken in',
			query: z.object({
				batch: z.string().max(64).optional(),
				after: z
					.string()
					.regex(/^[^~]{1,40}~[A-Za-z0-9_-]{1,64}$/)
					.optional(),
				limit: wholeNumber(1, 500).default(100),
			}),
			async handle({ caller, params, query }) {
				const project = params['project']!;
				await corpusReader(doors, caller, project);
				await guard.project(caller, project, 'lead');
				return tables.submissions.late({ project, ...query });
			},
		}),
		route({
			method: 'post',
			path: '/api/projects/:project/late/:submission',
			audience: 'person',
			summary: 'Take a late submission in, or set it aside and say why',
			body: z.strictObject({
				take: z.boolean(),
				/** Why it is set aside; whoever leads the project can read it. */
				reason: z.string().trim().min(1).max(500).optional(),
			}),
			async handle({ caller, params, body: { take, reason } }) {
				const { project, submission } = params as { project: string; submission: string };
				await corpusReader(doors, caller, project);
				const { user: by } = await guard.project(caller, project, 'lead');
				await tables.submissions.decideLate({
					project,
					submission,
					isTaken: take,
					reason,
					by,
					at: new Date().toISOString(),
				});
			},
		}),
	];
}
