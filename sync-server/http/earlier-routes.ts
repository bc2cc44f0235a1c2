import { z } from 'zod';
import { CommandError } from '#shared/api/errors.ts';
import type { EarlierPage } from '#shared/api/replies.ts';
import type { Histories } from '../documents/history/read-history.ts';
import { corpusReader, type DataDoors } from './data-doors.ts';
import { wholeNumber } from './number-text.ts';
import { route, type Route } from './route.ts';

/** What an item looked like before, for those who read the corpus: a labeler is told of no one's drafts. */
export function earlierRoutes(
	doors: Pick<DataDoors, 'tables' | 'guard'> & {
		readonly histories: Histories;
		readonly keptDays: number;
	},
): Route[] {
	const { tables, histories, keptDays } = doors;
	return [
		route({
			method: 'get',
			path: '/api/projects/:project/items/:item/earlier',
			audience: 'person',
			summary:
				'What was written about an item in one batch, step by step, and who wrote what stands there',
			query: z.object({
				/** The newest that holds the item, where none is named. */
				batch: z.string().max(64).optional(),
				before: z
					.string()
					.regex(/^\d{1,16}(\.\d{1,16}){2}$/)
					.optional(),
				limit: wholeNumber(1, 200).default(50),
			}),
			async handle({ caller, params, query }): Promise<EarlierPage> {
				const { project, item } = params as { project: string; item: string };
				await corpusReader(doors, caller, project);
				const batches = await tables.batches.holding(project, item);
				const batch = query.batch ?? batches[0];
				if (query.batch !== undefined && !batches.includes(query.batch))
					throw new CommandError('not_found', `No batch ${query.batch} here holds ${item}.`);
				if (batch === undefined) {
					if (!(await tables.items.detail(project, item)))
						throw new CommandError('not_found', `There is no item ${item} in ${project}.`);
					return { batches, batch: null, ...nothing, keptDays };
				}
				const { before, limit } = query;
				const past = await histories.read({ project, batch, item, before, limit });
				return { batches, batch, ...past, keptDays };
			},
		}),
	];
}

const nothing = {
	steps: [],
	draft: { values: {}, regions: [], texts: {} },
	authored: [],
	untoldUntil: null,
} as const satisfies Partial<EarlierPage>;
