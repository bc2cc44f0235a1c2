import { z } from 'zod';
import { CommandError } from '#shared/api/errors.ts';
import type { Me } from '#shared/api/replies.ts';
import type { Accounts, SignedIn } from '../accounts/accounts.ts';
import { AttemptLimit } from '../accounts/attempt-limit.ts';
import { canWorkOffline } from '../config.ts';
import type { Recovery } from '../projection/recovery.ts';
import { route, type Route } from './route.ts';

export const personName = z.string().trim().min(1).max(80);
export const password = z.string().min(8).max(200);

interface Options {
	readonly accounts: Accounts;
	readonly epoch: string;
	readonly url: string;
	readonly recovery: Pick<Recovery, 'current'>;
	/** Where a request came from, for slowing down guesses. */
	readonly addressOf: (request: Request) => string;
}

/** Signing in and out, and who is asking. */
export function sessionRoutes({ accounts, epoch, url, recovery, addressOf }: Options): Route[] {
	const byLogin = new AttemptLimit(10);
	const byAddress = new AttemptLimit(50);

	const meOf = async (user: string): Promise<Me> => {
		const person = await accounts.find(user);
		if (!person) throw new CommandError('signed_out', 'This account is gone.');
		return {
			user: person,
			epoch,
			canWorkOffline: canWorkOffline(url),
			url,
			...(recovery.current && { recovers: recovery.current.since }),
		};
	};
	const answer = async ({ person, cookies }: SignedIn): Promise<Response> =>
		withCookies(Response.json(await meOf(person.id)), cookies);

	return [
		route({
			method: 'post',
			path: '/api/session/link',
			audience: 'anyone',
			summary: 'Signs in with the token of a sign-in link, once',
			body: z.strictObject({ token: z.string().min(1).max(200) }),
			async handle({ body, request }) {
				const address = addressOf(request);
				byAddress.admit(address);
				try {
					return await answer(await accounts.useLink(body.token, request));
				} catch (error) {
					if (isRefusal(error)) byAddress.failed(address);
					throw error;
				}
			},
		}),
		route({
			method: 'post',
			path: '/api/session/password',
			audience: 'anyone',
			summary: 'Signs in with a name or an e-mail address and a password',
			body: z
				.strictObject({
					name: z.string().min(1).max(200).optional(),
					email: z.string().min(1).max(200).optional(),
					password: z.string().min(1).max(200),
				})
				.refine(
					({ name, email }) => (name === undefined) !== (email === undefined),
					'either name or email',
				),
			async handle({ body, request }) {
				const login = (body.name ?? body.email)!;
				const address = addressOf(request);
				byLogin.admit(login.toLowerCase());
				byAddress.admit(address);
				const known = await accounts.findByLogin(login);
				try {
					const signedIn = await accounts.signIn(known?.id, body.password, request);
					byLogin.succeeded(login.toLowerCase());
					return await answer(signedIn);
				} catch (error) {
					if (isRefusal(error)) {
						byLogin.failed(login.toLowerCase());
						byAddress.failed(address);
					}
					throw error;
				}
			},
		}),
		route({
			method: 'delete',
			path: '/api/session',
			audience: 'person',
			summary: 'Signs out on this device',
			handle: async ({ request }) =>
				withCookies(new Response(null, { status: 204 }), await accounts.signOut(request)),
		}),
		route({
			method: 'get',
			path: '/api/me',
			audience: 'person',
			summary: 'Who is asking',
			async handle({ caller, request }) {
				const me = Response.json(await meOf(caller.user));
				if (caller.via === 'token') return me;
				return withCookies(me, (await accounts.session(request.headers))?.cookies ?? []);
			},
		}),
		route({
			method: 'put',
			path: '/api/me',
			audience: 'person',
			summary: 'Changes my name, e-mail address or password; a new password ends other sessions',
			body: z.strictObject({
				name: personName.optional(),
				email: z.email().max(200).nullable().optional(),
				password: password.optional(),
			}),
			async handle({ caller, body, request }) {
				await accounts.update(caller.user, body);
				return body.password !== undefined && caller.via === 'session'
					? answer(await accounts.startSession(caller.user, request))
					: meOf(caller.user);
			},
		}),
	];
}

function isRefusal(error: unknown): boolean {
	return error instanceof CommandError && error.status === 401;
}

/** The same answer, with cookies to set. */
export function withCookies(response: Response, cookies: readonly string[]): Response {
	for (const cookie of cookies) response.headers.append('Set-Cookie', cookie);
	return response;
}
