import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { hashOf, newSecret } from '#sync-server/accounts/secret.ts';
import { serve, type Served } from '#sync-server/serve.ts';
import type { Role } from '#shared/access/access.ts';
import { schemaShape } from '#shared/schema/schema.ts';

/** The real server in this process, on a free port and a folder of its own. */
export interface TestServer extends Served {
	readonly home: string;
	/** A person with a token of their own; with a role they are a member of the project. */
	person(name: string, standing?: { project: string; role: Role }): Promise<Client>;
	readonly ownerClient: Client;
	/** Makes a project of the owner’s that asks for the sentiment of these items; answers its id. */
	makeProject(name: string, items?: readonly object[]): Promise<string>;
	/** Makes batches to label, of items that are named or chosen; answers their ids. */
	makeBatches(project: string, of: object): Promise<[string, ...string[]]>;
	remove(): Promise<void>;
}

export interface Client {
	readonly user: string;
	readonly token: string;
	call(method: string, path: string, body?: unknown): Promise<Response>;
	/** Sends bytes or text as they are. Throws what the server said against them. */
	readonly send: (method: string, path: string, body: BodyInit | null) => Promise<Response>;
	json<T>(method: string, path: string, body?: unknown): Promise<T>;
}

export const ownerToken = 'fw_owner-token-of-the-tests-0123456789';

export const sentiment = schemaShape.parse({
	shows: [{ field: 'text', as: 'text' }],
	tools: [
		{
			name: 'sentiment',
			kind: 'choice',
			required: true,
			options: [
				{ name: 'positive', key: 'p' },
				{ name: 'negative', key: 'n' },
			],
		},
	],
});

export async function startTestServer(
	options: {
		home?: string;
		url?: string;
		appFolder?: string;
		sessionSeconds?: number;
		recoveryMs?: number;
		now?: () => number;
	} = {},
): Promise<TestServer> {
	const home = options.home ?? (await mkdtemp(join(tmpdir(), 'flywheel-core-')));
	const served = await serve({
		config: {
			host: '127.0.0.1',
			port: 0,
			url: options.url,
			home,
			ownerToken,
			withSamples: false,
			withRunner: false,
			historyDays: 30,
		},
		logger: pino({ level: 'silent' }),
		appFolder: options.appFolder ?? join(home, 'no-app'),
		...(options.recoveryMs !== undefined && { recoveryMs: options.recoveryMs }),
		...(options.now && { now: options.now }),
		...(options.sessionSeconds !== undefined && { sessionSeconds: options.sessionSeconds }),
	});
	const direct = `http://127.0.0.1:${served.address.port}`;
	const ownerClient = client(direct, served.owner.id, ownerToken);
	return {
		...served,
		home,
		ownerClient,
		async person(name, standing) {
			const { id } = await served.accounts.create({ name });
			const token = newSecret();
			const at = new Date().toISOString();
			await served.tables.tokens.create({
				id: `token-of-${id}`,
				hash: hashOf(token),
				user: id,
				kind: 'person',
				name: 'test',
				createdAt: at,
			});
			if (standing)
				await served.tables.members.put({ ...standing, user: id, hasCode: false, joinedAt: at });
			return client(direct, id, token);
		},
		async makeProject(name, items = []) {
			const body = { name, schema: sentiment };
			const { id } = await ownerClient.json<{ id: string }>('POST', '/api/projects', body);
			const lines = items.map((item) => JSON.stringify(item)).join('\n');
			if (lines) await ownerClient.send('POST', `/api/projects/${id}/import`, lines);
			return id;
		},
		async makeBatches(project, of) {
			const body = { purpose: 'label', ...of };
			const path = `/api/projects/${project}/batches`;
			return (await ownerClient.json<{ batches: [string, ...string[]] }>('POST', path, body))
				.batches;
		},
		async remove() {
			await served.close();
			await rm(home, { recursive: true, force: true });
		},
	};
}

export function client(url: string, user: string, token: string): Client {
	const request = (method: string, path: string, body: BodyInit | null) =>
		fetch(url + path, { method, headers: { Authorization: `Bearer ${token}` }, body });
	const textOf = (body: unknown) => (body === undefined ? null : JSON.stringify(body));
	const send: Client['send'] = async (method, path, body) => {
		const reply = await request(method, path, body);
		if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
		return reply;
	};
	return {
		user,
		token,
		call: (method, path, body) => request(method, path, textOf(body)),
		send,
		async json<T>(method: string, path: string, body?: unknown) {
			const reply = await send(method, path, textOf(body));
			return (reply.status === 204 ? undefined : await reply.json()) as T;
		},
	};
}

/** Signs somebody in with a fresh link; answers the cookie of their session. */
export async function cookieOf(
	{ accounts, url }: Pick<Served, 'accounts' | 'url'>,
	user: string,
): Promise<string> {
	const reply = await fetch(`${url}/api/session/link`, {
		method: 'POST',
		body: JSON.stringify({ token: await accounts.signInLink(user) }),
	});
	return reply.headers.getSetCookie()[0]!.split(';')[0]!;
}

/** The code of an error answer. */
export async function codeOf(reply: Response): Promise<string> {
	return ((await reply.json()) as { error: { code: string } }).error.code;
}
