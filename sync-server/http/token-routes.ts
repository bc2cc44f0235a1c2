import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { may } from '#shared/access/access.ts';
import { CommandError } from '#shared/api/errors.ts';
import type { TokenRow } from '#shared/api/replies.ts';
import { credentialOf, type EndedCredentials } from '../accounts/ended-credentials.ts';
import { hashOf, newSecret } from '../accounts/secret.ts';
import type { Token } from '../tables/tokens.ts';
import type { Tables } from '../tables/tables.ts';
import { route, type Route } from './route.ts';

interface Options {
	readonly tables: Tables;
	readonly ended: EndedCredentials;
}

/** API tokens of the person who asks. */
export function tokenRoutes({ tables, ended }: Options): Route[] {
	return [
		route({
			method: 'get',
			path: '/api/tokens',
			audience: 'person',
			summary: 'My API tokens',
			handle: async ({ caller }) => ({
				tokens: (await tables.tokens.listOf(caller.user)).map(rowOf),
			}),
		}),
		route({
			method: 'post',
			path: '/api/tokens',
			audience: 'person',
			summary: 'Makes an API token; its secret is shown in this answer and never again',
			body: z.strictObject({
				name: z.string().trim().min(1).max(100),
				kind: z.enum(['person', 'runner']).default('person'),
			}),
			status: 201,
			async handle({ caller, body }) {
				const secret = newSecret();
				const token = {
					id: randomUUID(),
					hash: hashOf(secret),
					user: caller.user,
					createdAt: new Date().toISOString(),
					...body,
				};
				if (body.kind === 'runner') await mayRun(caller.user);
				await tables.tokens.create(token);
				return { token: rowOf({ ...token, lastUsedOn: null }), secret };
			},
		}),
		route({
			method: 'delete',
			path: '/api/tokens/:token',
			audience: 'person',
			summary: 'Revokes one of my API tokens at once',
			async handle({ caller, params }) {
				if (!(await tables.tokens.remove(caller.user, params['token']!)))
					throw new CommandError('not_found', 'You have no such token.');
				ended.end(credentialOf('token', params['token']!));
			},
		}),
	];

	/** A runner runs the code of the projects whose code its person may read. */
	async function mayRun(user: string): Promise<void> {
		for (const { id } of await tables.projects.listOf(user)) {
			const member = await tables.members.find(id, user);
			if (may(member?.role, 'code', member?.hasCode)) return;
		}
		throw new CommandError('forbidden', 'Who connects a runner needs the right to read code.');
	}
}

function rowOf({ id, name, kind, createdAt, lastUsedOn }: Token): TokenRow {
	return { id, name, kind, createdAt, lastUsedAt: lastUsedOn };
}
