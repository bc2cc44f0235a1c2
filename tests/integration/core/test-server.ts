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
	remove(): Promise<void>;
}

export interface Client {
	readonly user: string;
	readonly token: string;
	call(method: string, path: string, body?: unknown): Promise<Response>;
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
	return {
		...served,
		home,
		ownerClient: client(direct, served.owner.id, ownerToken),
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
		async remove() {
			await served.close();
			await rm(home, { recursive: true, force: true });
		},
	};
}

export function client(url: string, user: string, token: string): Client {
	const call: Client['call'] = (method, path, body) =>
		fetch(url + path, {
			method,
			headers: { Authorization: `Bearer ${token}` },
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
	return {
		user,
		token,
		call,
		async json<T>(method: string, path: string, body?: unknown) {
			const reply = await call(method, path, body);
			if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
			return (reply.status === 204 ? undefined : await reply.json()) as T;
		},
	};
}

/** The code of an error answer. */
export async function codeOf(reply: Response): Promise<string> {
	return ((await reply.json()) as { error: { code: string } }).error.code;
}
