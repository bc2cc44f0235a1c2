import { timingSafeEqual } from 'node:crypto';
import { CommandError } from '#shared/api/errors.ts';
import type { Caller } from './caller.ts';
import { KeptAnswers } from '../kept-answers.ts';
import type { Tables } from '../tables/tables.ts';
import type { Accounts } from './accounts.ts';
import { credentialOf } from './ended-credentials.ts';
import { hashOf } from './secret.ts';

/** The attempt a token was given to, while it lives. */
type FindAttempt = (
	tokenHash: string,
) => Promise<
	{ readonly run: string; readonly attempt: number; readonly project: string } | undefined
>;

interface Options {
	readonly tables: Tables;
	readonly accounts: Accounts;
	readonly attempts: FindAttempt;
	/** Our own address; a request to another host name of this machine counts by its Host header. */
	readonly url: string;
	readonly owner: { readonly id: string; readonly token: string | undefined };
}

type IdentifyBy<From> = (from: From) => Promise<Caller | undefined>;

/** What a socket begins with. */
interface SocketHead {
	/** By its name in small letters; null where it was not sent. */
	header(name: string): string | null;
	headers(): Headers;
	readonly query: URLSearchParams;
}

/** Says who makes a request, by the door they come through. */
export interface Identify {
	/**
	 * `/api`: a bearer token, or the session cookie. A write from a foreign page is refused (`cross_site`);
	 * with the cookie it must even name our own Origin.
	 */
	readonly api: IdentifyBy<Request>;
	/**
	 * `/sync`, `/live`: a token as subprotocol, `?token=` or bearer, or the cookie with our own Origin. A page may
	 * add whose cookie it means. What it answers may be some seconds old: ask whether the credential has ended.
	 */
	readonly socket: IdentifyBy<SocketHead>;
	/** `/git`: Basic (any name, the token as password) or Bearer, never the cookie. */
	readonly git: IdentifyBy<Request>;
}

/** Less than ended credentials are remembered for (ended-credentials.ts): who came with one is asked about there. */
const latelyMs = 10_000;

const subprotocol = /^(?:flywheel|yauth)-(.+)$/;

/** The subprotocol of an upgrade that carries a token: the server must answer with it. */
export function tokenProtocol(header: string | null | undefined): string | undefined {
	return header
		?.split(',')
		.map((one) => one.trim())
		.find((one) => subprotocol.test(one));
}

export function identifier({ tables, accounts, attempts, url, owner }: Options): Identify {
	/** By credential. When a network comes back, a device opens a socket for each of its documents at once. */
	const lately = new KeptAnswers<Caller>({ most: 2000, keptMs: latelyMs });
	const ownerHash = owner.token === undefined ? undefined : Buffer.from(hashOf(owner.token));

	async function byToken(token: string): Promise<Caller | undefined> {
		const hash = hashOf(token);
		if (ownerHash && timingSafeEqual(Buffer.from(hash), ownerHash)) {
			const person = await accounts.find(owner.id);
			const credential = credentialOf('token', 'operator');
			return (
				person && { kind: 'person', user: person.id, name: person.name, via: 'token', credential }
			);
		}
		const known = await tables.tokens.use(hash, new Date().toISOString().slice(0, 10));
		if (known?.kind === 'runner')
			return { kind: 'runner', token: known.id, name: known.name, user: known.user };
		if (known) {
			const credential = credentialOf('token', known.id);
			return { kind: 'person', user: known.user, name: known.userName, via: 'token', credential };
		}
		const attempt = await attempts(hash);
		return attempt && { kind: 'attempt', ...attempt };
	}

	async function byCookie(headers: Headers): Promise<Caller | undefined> {
		const session = await accounts.session(headers);
		return (
			session && {
				kind: 'person',
				user: session.person.id,
				name: session.person.name,
				via: 'session',
				credential: credentialOf('session', session.id),
				endsAt: session.endsAt,
			}
		);
	}

	const isOurs = (origin: string, host: string | null): boolean =>
		origin === url || URL.parse(origin)?.host === host;

	return {
		async api(request) {
			const { headers } = request;
			const token = bearer(headers.get('authorization'));
			if (token !== undefined) return byToken(token);
			const origin = headers.get('origin');
			const isWrite = request.method !== 'GET' && request.method !== 'HEAD';
			if (isWrite && origin !== null && !isOurs(origin, headers.get('host')))
				throw crossSite(origin);
			const caller = asMeant(await byCookie(headers), headers.get('flywheel-user'));
			if (caller && isWrite && origin === null) throw crossSite('a page that names no origin');
			return caller;
		},
		async socket(head) {
			const protocol = tokenProtocol(head.header('sec-websocket-protocol'));
			const token =
				bearer(head.header('authorization')) ??
				subprotocol.exec(protocol ?? '')?.[1] ??
				head.query.get('token') ??
				undefined;
			if (token !== undefined) return lately.get(hashOf(token), () => byToken(token));
			const origin = head.header('origin');
			if (origin === null || !isOurs(origin, head.header('host'))) return undefined;
			const cookie = head.header('cookie');
			if (cookie === null) return undefined;
			const caller = await lately.get(hashOf(cookie), () => byCookie(head.headers()));
			return asMeant(caller, head.header('flywheel-user') ?? head.query.get('as'));
		},
		async git(request) {
			const authorization = request.headers.get('authorization');
			const token = bearer(authorization) ?? basicPassword(authorization);
			return token === undefined ? undefined : byToken(token);
		},
	};
}

/**
 * A page says whose it is (`Flywheel-User`, or `?as=` of a socket). Where somebody else has signed in on the
 * device meanwhile, the cookie is theirs: what the page of the person before sends must not be taken for it.
 */
function asMeant(caller: Caller | undefined, meant: string | null): Caller | undefined {
	const isOther = caller?.kind === 'person' && meant !== null && meant !== caller.user;
	return isOther ? undefined : caller;
}

function crossSite(origin: string): CommandError {
	return new CommandError('cross_site', `The request comes from ${origin}, not from this app.`);
}

function bearer(authorization: string | null): string | undefined {
	return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

function basicPassword(authorization: string | null): string | undefined {
	const encoded = /^Basic +(\S+)$/i.exec(authorization ?? '')?.[1];
	if (encoded === undefined) return undefined;
	const text = Buffer.from(encoded, 'base64').toString('utf8');
	const colon = text.indexOf(':');
	return colon < 0 ? undefined : text.slice(colon + 1);
}
