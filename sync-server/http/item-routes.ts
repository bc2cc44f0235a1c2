import { CommandError } from '#shared/api/errors.ts';
import { corpusReader, type DataDoors } from './data-doors.ts';
import { itemFilterShape, pageShape } from './item-query.ts';
import { route, type Route } from './route.ts';

/** Items as those who read the corpus see them. */
export function itemRoutes(doors: DataDoors): Route[] {
	const { tables, guard, rightsChanged } = doors;
	const withdraw = (isWithdrawn: boolean): Route =>
		route({
			method: 'post',
			path: `/api/projects/:project/items/:item/${isWithdrawn ? 'withdraw' : 'restore'}`,
			audience: 'person',
			summary: isWithdrawn
				? 'Take an item out of the pool, batches and later snapshots'
				: 'Bring a withdrawn item back',
			async handle({ caller, params }) {
				const { project, item } = params as { project: string; item: string };
				await corpusReader(doors, caller, project);
				await guard.project(caller, project, 'lead');
				await tables.items.withdraw({ project, item, isWithdrawn });
				return (await tables.items.detail(project, item))!;
			},
		});
	return [
		route({
			method: 'get',
			path: '/api/projects/:project/items',
			audience: 'person',
			summary: 'One page of the items that match, in order of arrival, and how many match',
			query: itemFilterShape.extend(pageShape.shape),
			async handle({ caller, params, query }) {
				const project = params['project']!;
				await corpusReader(doors, caller, project);
				const { after, limit, ...filter } = query;
				return tables.items.page({ project, filter, after, limit });
			},
		}),
		route({
			method: 'get',
			path: '/api/projects/:project/items/:item',
			audience: 'person',
			summary: 'An item with everything that was said about it',
			async handle({ caller, params }) {
				const { project, item } = params as { project: string; item: string };
				await corpusReader(doors, caller, project);
				const detail = await tables.items.detail(project, item);
				if (!detail) throw new CommandError('not_found', `There is no item ${item} in ${project}.`);
				return detail;
			},
		}),
		withdraw(true),
		withdraw(false),
		route({
			method: 'post',
			path: '/api/projects/:project/items/:item/fix',
			audience: 'person',
			summary: 'A batch of this one item, for the caller to write a new answer',
			status: 201,
			async handle({ caller, params }) {
				const { project, item } = params as { project: string; item: string };
				await corpusReader(doors, caller, project);
				await guard.project(caller, project, 'review');
				const at = new Date().toISOString();
				const { batch, isNew } = await tables.batches.fix({ project, item, user: caller.user, at });
				if (isNew) rightsChanged({ project, batch });
				return { batch };
			},
		}),
	];
}
