import { randomBytes } from 'node:crypto';
import { betterAuth } from 'better-auth/minimal';
import { magicLink } from 'better-auth/plugins/magic-link';
import { CommandError } from '#shared/api/errors.ts';
import type { Tables } from '../tables/tables.ts';
import { recordAdapter } from './record-adapter.ts';
import { slugOf } from './slug.ts';

export interface Person {
	readonly id: string;
	readonly name: string;
	/** Null where they gave none. */
	readonly email: string | null;
}

/** A person who is signed in now, with the cookie headers that the browser is to be sent. */
export interface SignedIn {
	readonly person: Person;
	readonly cookies: readonly string[];
}

const day = 24 * 60 * 60;
/** How long a session lasts that nobody uses. */
const sessionSeconds = 90 * day;
/** Mail to `.invalid` can never arrive (RFC 2606); the library wants an address, people need not have one. */
const noMail = '@flywheel.invalid';

interface Options {
	readonly tables: Tables;
	/** The public address. */
	readonly url: string;
	/** Name of the session cookie. */
	readonly cookieName: string;
	/** Told of sessions that ended, by their ids. */
	readonly onSessionEnded?: (session: string) => void;
	/** How long a session lasts that nobody uses (90 days). */
	readonly sessionSeconds?: number | undefined;
}

export type Accounts = Awaited<ReturnType<typeof openAccounts>>;

/** People and how they sign in: by link, by password, by the session cookie that either gives. */
export async function openAccounts(options: Options) {
	const { tables, url, cookieName, onSessionEnded } = options;
	const expiresIn = options.sessionSeconds ?? sessionSeconds;
	const secret = await tables.settings.getOrPut('accounts', randomBytes(32).toString('base64url'));
	const auth = betterAuth({
		baseURL: url,
		basePath: '/api/session',
		secret,
		database: recordAdapter(tables.accounts, onSessionEnded),
		telemetry: { enabled: false },
		logger: { disabled: true },
		emailAndPassword: { enabled: true, minPasswordLength: 8, maxPasswordLength: 200 },
		session: { expiresIn, updateAge: Math.min(day, expiresIn) },
		advanced: {
			cookies: { session_token: { name: cookieName } },
			useSecureCookies: url.startsWith('https:'),
			database: { generateId: () => randomBytes(12).toString('hex') },
		},
		plugins: [
			magicLink({
				expiresIn: 15 * 60,
				storeToken: 'hashed',
				disableSignUp: true,
				generateToken: () => randomBytes(32).toString('base64url'),
				sendMagicLink: ({ token, metadata }) => {
					(metadata as { deliver(token: string): void }).deliver(token);
				},
			}),
		],
	});
	const { internalAdapter, password: passwords } = await auth.$context;
	const findUser = async (id: string): Promise<Person | undefined> => {
		const user = await internalAdapter.findUserById(id);
		return user ? personOf(user) : undefined;
	};

	/** A name that no other person goes by: people sign in by it. */
	const checkedName = async (name: string, self?: string): Promise<string> => {
		const trimmed = name.trim();
		const others = await tables.accounts.find('user', [
			{ field: 'name', operator: 'eq', value: trimmed, connector: 'AND', ignoresCase: true },
		]);
		if (others.some(({ id }) => id !== self))
			throw new CommandError('name_taken', `Somebody here is called ${trimmed} already.`);
		return trimmed;
	};

	const setPassword = async (user: string, password: string): Promise<void> => {
		const hash = await passwords.hash(password);
		if (await internalAdapter.findCredentialAccount(user))
			await internalAdapter.updatePassword(user, hash);
		else
			await internalAdapter.createAccount({
				userId: user,
				providerId: 'credential',
				accountId: user,
				password: hash,
			});
	};

	/** A token that signs the person in, once, within 15 minutes. */
	const signInLink = async (user: string): Promise<string> => {
		const found = await internalAdapter.findUserById(user);
		if (!found) throw new CommandError('not_found', `There is nobody called ${user} here.`);
		const { promise, resolve } = Promise.withResolvers<string>();
		await auth.api.signInMagicLink({
			body: { email: found.email, metadata: { deliver: resolve } },
			headers: new Headers(),
		});
		return promise;
	};

	/** Uses a sign-in link up. Throws `link_used`. */
	const useLink = async (token: string, request: Request): Promise<SignedIn> => {
		const response = await auth.api.magicLinkVerify({
			query: { token },
			headers: request.headers,
			asResponse: true,
		});
		if (response.status !== 200)
			throw new CommandError('link_used', 'This sign-in link was used already, or has run out.');
		const { user } = (await response.json()) as { user: Stored };
		return { person: personOf(user), cookies: response.headers.getSetCookie() };
	};

	return {
		find: findUser,
		signInLink,
		useLink,

		/** The person with this id, name (in any case) or e-mail address. */
		async findByLogin(login: string): Promise<Person | undefined> {
			const found = await tables.accounts.find(
				'user',
				(['id', 'name', 'email'] as const).map((field) => ({
					field,
					operator: 'eq',
					value: login.trim(),
					connector: 'OR',
					ignoresCase: true,
				})),
			);
			const exact = found.find(({ id }) => id === login) ?? found[0];
			return exact && personOf(exact as unknown as Stored);
		},

		/** Makes a person; their id is a slug of the name. Throws `name_taken`. */
		async create(given: {
			readonly id?: string;
			readonly name: string;
			readonly email?: string | undefined;
			readonly password?: string | undefined;
		}): Promise<Person> {
			const name = await checkedName(given.name);
			const slug = given.id ?? slugOf(name, 'u', 40);
			const id = (await findUser(slug)) ? `${slug}-${randomBytes(3).toString('hex')}` : slug;
			const email = given.email ?? id + noMail;
			if (await internalAdapter.findUserByEmail(email))
				throw new CommandError('name_taken', `Somebody here has the address ${email} already.`);
			await internalAdapter.createUser(
				{ id, name, email, emailVerified: true },
				{ method: 'admin' },
			);
			if (given.password !== undefined) await setPassword(id, given.password);
			return { id, name, email: given.email ?? null };
		},

		/** Takes back a person who was made and joined nothing. */
		remove: (user: string): Promise<void> => internalAdapter.deleteUser(user),

		/** Changes what a person said about themselves. A new password ends their other sessions. */
		async update(
			user: string,
			change: {
				readonly name?: string | undefined;
				readonly email?: string | null | undefined;
				readonly password?: string | undefined;
			},
		): Promise<void> {
			const values: { name?: string; email?: string } = {};
			if (change.name !== undefined) values.name = await checkedName(change.name, user);
			if (change.email !== undefined) values.email = change.email?.toLowerCase() ?? user + noMail;
			const owner = values.email && (await internalAdapter.findUserByEmail(values.email));
			if (owner && owner.user.id !== user)
				throw new CommandError(
					'name_taken',
					`Somebody here has the address ${values.email} already.`,
				);
			if (Object.keys(values).length > 0) await internalAdapter.updateUser(user, values);
			if (change.password === undefined) return;
			await setPassword(user, change.password);
			await internalAdapter.deleteUserSessions(user);
		},

		/** Throws `bad_credentials` for a wrong password and for somebody unknown alike, in about the same time. */
		async signIn(user: string | undefined, password: string, request: Request): Promise<SignedIn> {
			const found = user === undefined ? null : await internalAdapter.findUserById(user);
			const response = await auth.api.signInEmail({
				body: { email: found?.email ?? `nobody${noMail}`, password },
				headers: request.headers,
				asResponse: true,
			});
			if (response.status !== 200 || !found)
				throw new CommandError('bad_credentials', 'The name or the password is wrong.');
			return { person: personOf(found), cookies: response.headers.getSetCookie() };
		},

		/** Signs a person in who has just proved who they are in another way. */
		startSession: async (user: string, request: Request): Promise<SignedIn> =>
			useLink(await signInLink(user), request),

		/** Ends the session of a request; returns the cookies that take it from the browser. */
		async signOut(request: Request): Promise<readonly string[]> {
			const response = await auth.api.signOut({ headers: request.headers, asResponse: true });
			return response.headers.getSetCookie();
		},

		/** Whose session cookie a request carries. `cookies` prolongs the session where that is due. */
		async session(
			headers: Headers,
		): Promise<(SignedIn & { readonly id: string; readonly endsAt: number }) | undefined> {
			if (!headers.get('cookie')?.includes(cookieName)) return undefined;
			const { response, headers: answer } = await auth.api.getSession({
				headers,
				returnHeaders: true,
			});
			if (!response) return undefined;
			return {
				id: response.session.id,
				endsAt: response.session.expiresAt.getTime(),
				person: personOf(response.user),
				cookies: answer.getSetCookie(),
			};
		},

		/** When a session ends, in milliseconds since the epoch; undefined where there is none. */
		async sessionEnd(id: string): Promise<number | undefined> {
			const [found] = await tables.accounts.find('session', [
				{ field: 'id', operator: 'eq', value: id, connector: 'AND', ignoresCase: false },
			]);
			return found && Date.parse(String(found['expiresAt']));
		},

		/** True when nobody has a session yet: the start message then prints a link. */
		hasSessions: async (): Promise<boolean> => (await tables.accounts.count('session', [])) > 0,
	};
}

interface Stored {
	readonly id: string;
	readonly name: string;
	readonly email: string;
}

function personOf({ id, name, email }: Stored): Person {
	return { id, name, email: email.endsWith(noMail) ? null : email };
}
