import { z } from 'zod';
import { roles, type Role } from '#shared/access/access.ts';
import { CommandError } from '#shared/api/errors.ts';
import type { Accounts } from '../accounts/accounts.ts';
import type { Tables } from '../tables/tables.ts';
import type { Guard, Standing } from '../accounts/guard.ts';
import { route, type Route } from './route.ts';

interface Options {
	readonly tables: Tables;
	readonly accounts: Accounts;
	readonly guard: Guard;
	/** Told when somebody's rights changed: open connections follow at once (S7). */
	readonly onRightsChanged: (change: { readonly project: string; readonly user: string }) => void;
}

/** Who is in a project, as what. */
export function memberRoutes({ tables, accounts, guard, onRightsChanged }: Options): Route[] {
	return [
		route({
			method: 'get',
			path: '/api/projects/:project/members',
			audience: 'person',
			summary: 'Members of a project; a labeler sees themselves',
			async handle({ caller, params }) {
				const standing = await guard.project(caller, params['project']!, 'read-project');
				const members = await tables.members.list(standing.project);
				const visible =
					standing.role === 'labeler'
						? members.filter(({ user }) => user === caller.user)
						: members;
				return {
					members: await Promise.all(
						visible.map(async (member) => ({
							...member,
							name: (await accounts.find(member.user))?.name ?? member.user,
						})),
					),
				};
			},
		}),
		route({
			method: 'put',
			path: '/api/projects/:project/members/:user',
			audience: 'person',
			summary: 'Gives a member another role, or the right to read and push code',
			body: z.strictObject({ role: z.enum(roles), hasCode: z.boolean().optional() }),
			async handle({ caller, params, body }) {
				const { standing, member } = await pair(caller, params);
				mayTouch(standing, member.role, body.role);
				await tables.members.put({
					...member,
					role: body.role,
					hasCode: body.hasCode ?? member.hasCode,
				});
				onRightsChanged({ project: member.project, user: member.user });
			},
		}),
		route({
			method: 'delete',
			path: '/api/projects/:project/members/:user',
			audience: 'person',
			summary: 'Takes a member out of a project; everyone may leave',
			async handle({ caller, params }) {
				const isSelf = caller.user === params['user'];
				const { standing, member } = await pair(caller, params, isSelf);
				if (!isSelf) mayTouch(standing, member.role);
				await tables.members.remove(member.project, member.user);
				onRightsChanged({ project: member.project, user: member.user });
			},
		}),
	];

	async function pair(
		caller: Parameters<Guard['project']>[0],
		params: Readonly<Record<string, string>>,
		isSelf = false,
	) {
		const right = isSelf ? 'read-project' : 'lead';
		const standing = await guard.project(caller, params['project']!, right);
		const member = await tables.members.find(standing.project, params['user']!);
		if (!member)
			throw new CommandError(
				'not_found',
				`${params['user']!} is not a member of ${standing.project}.`,
			);
		return { standing, member };
	}
}

/** Owners are made and unmade by owners alone. */
export function mayTouch(standing: Standing, ...concerned: readonly Role[]): void {
	if (standing.role !== 'owner' && concerned.includes('owner'))
		throw new CommandError('forbidden', `Only an owner of ${standing.project} may do this.`);
}
