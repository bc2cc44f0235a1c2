import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { roles } from '#shared/access/access.ts';
import { CommandError } from '#shared/api/errors.ts';
import type { InviteRow } from '#shared/api/replies.ts';
import type { Accounts } from '../accounts/accounts.ts';
import { hashOf, newSecret } from '../accounts/secret.ts';
import type { Invite } from '../tables/invites.ts';
import type { Tables } from '../tables/tables.ts';
import type { Guard } from '../accounts/guard.ts';
import { mayTouch } from './member-routes.ts';
import { route, type Route } from './route.ts';
import { password, personName, withCookies } from './session-routes.ts';

const validMs = 7 * 24 * 60 * 60_000;
const tokenText = z.string().min(1).max(200);

interface Options {
	readonly tables: Tables;
	readonly accounts: Accounts;
	readonly guard: Guard;
	readonly url: string;
	readonly onRightsChanged: (change: { readonly project: string; readonly user: string }) => void;
}

/** Invitation links: made by leads, seen once, good for one person within seven days. */
export function inviteRoutes({ tables, accounts, guard, url, onRightsChanged }: Options): Route[] {
	const now = (): string => new Date().toISOString();

	async function valid(token: string): Promise<Invite> {
		const invite = await tables.invites.find(hashOf(token), now());
		if (!invite) throw usedUp();
		return invite;
	}

	return [
		route({
			method: 'post',
			path: '/api/projects/:project/invites',
			audience: 'person',
			summary:
				'Makes an invitation link for one person; it is shown in this answer and never again',
			body: z.strictObject({
				role: z.enum(roles),
				name: personName.optional(),
				hasCode: z.boolean().default(false),
			}),
			status: 201,
			async handle({ caller, params, body }) {
				const standing = await guard.project(caller, params['project']!, 'lead');
				mayTouch(standing, body.role);
				const token = newSecret('');
				const invite: Invite = {
					id: randomUUID(),
					hash: hashOf(token),
					project: standing.project,
					role: body.role,
					hasCode: body.hasCode,
					name: body.name ?? null,
					createdAt: now(),
					createdBy: caller.user,
					expiresAt: new Date(Date.now() + validMs).toISOString(),
				};
				await tables.invites.create(invite);
				return { invite: rowOf(invite), link: `${url}/join#${token}` };
			},
		}),
		route({
			method: 'get',
			path: '/api/projects/:project/invites',
			audience: 'person',
			summary: 'Invitations that were not used yet',
			async handle({ caller, params }) {
				const { project } = await guard.project(caller, params['project']!, 'lead');
				return { invites: (await tables.invites.list(project, now())).map(rowOf) };
			},
		}),
		route({
			method: 'delete',
			path: '/api/projects/:project/invites/:invite',
			audience: 'person',
			summary: 'Takes an invitation back',
			async handle({ caller, params }) {
				const { project } = await guard.project(caller, params['project']!, 'lead');
				if (!(await tables.invites.remove(project, params['invite']!)))
					throw new CommandError('not_found', 'There is no such invitation.');
			},
		}),
		route({
			method: 'post',
			path: '/api/invites/look',
			audience: 'anyone',
			summary: 'What an invitation link is for',
			body: z.strictObject({ token: tokenText }),
			async handle({ body }) {
				const { project, role, name } = await valid(body.token);
				const found = await tables.projects.find(project);
				return { project, name: found?.name ?? project, role, for: name };
			},
		}),
		route({
			method: 'post',
			path: '/api/invites/accept',
			audience: 'anyone',
			summary: 'Joins a project: as the person signed in, or as a new one who is signed in by this',
			body: z.strictObject({
				token: tokenText,
				name: personName.optional(),
				password: password.optional(),
			}),
			async handle({ caller, body, request }) {
				const { project } = await valid(body.token);
				if (caller?.kind === 'person') {
					await accept(body.token, caller.user);
					return { project, user: caller.user };
				}
				if (body.name === undefined)
					throw new CommandError('bad_request', 'body.name: who joins needs a name');
				const person = await accounts.create({ name: body.name, password: body.password });
				try {
					await accept(body.token, person.id);
				} catch (error) {
					// Somebody else was quicker with the same link.
					await accounts.remove(person.id);
					throw error;
				}
				const { cookies } = await accounts.startSession(person.id, request);
				return withCookies(Response.json({ project, user: person.id }), cookies);
			},
		}),
	];

	async function accept(token: string, user: string): Promise<void> {
		const invite = await tables.invites.accept(hashOf(token), user, now());
		if (!invite) throw usedUp();
		onRightsChanged({ project: invite.project, user });
	}
}

function usedUp(): CommandError {
	return new CommandError('link_used', 'This invitation was used already, or has run out.');
}

function rowOf({ id, role, name, createdAt, expiresAt }: Invite): InviteRow {
	return { id, role, name, createdAt, expiresAt };
}
