import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pino } from 'pino';
import { expect } from 'vitest';
import { errorTable, type ErrorBody, type ErrorCode } from '#shared/api/errors.ts';
import { schemaShape } from '#shared/schema/schema.ts';
import { serve, type Served } from '#sync-server/serve.ts';
import { client, ownerToken, sentiment, type Client } from '../core/test-server.ts';

const pictures = schemaShape.parse({
	shows: [{ field: 'image', as: 'image' }],
	tools: [{ name: 'kind', kind: 'choice', required: true, options: [{ name: 'shoe', key: 's' }] }],
});

/**
 * The real server with everything it says in its log kept, a project that is attacked (`target`), one of
 * images (`pictures`), and one that nobody touches (`bystander`).
 */
export interface HostileWorld extends Served {
	readonly home: string;
	readonly log: readonly string[];
	readonly client: Client;
	/** A batch of `target` with an item in it. */
	readonly batch: string;
	send(method: string, path: string, options?: Send): Promise<Response>;
	/** Bytes as they are on a connection of their own; answers everything that came back. */
	raw(bytes: string | Uint8Array): Promise<string>;
	/**
	 * Runs an attack and checks that it harmed nothing: tables, documents, blobs and repositories are byte
	 * for byte what they were, the server answers, and it logged no fault: but for what is allowed.
	 */
	unharmed<T>(attack: () => Promise<T>, but?: Allowed): Promise<T>;
	remove(): Promise<void>;
}

interface Allowed {
	readonly tables?: readonly string[];
	/** Faults that the log may hold. */
	readonly faults?: RegExp;
}

interface Send {
	readonly body?: BodyInit;
	readonly headers?: Record<string, string>;
	readonly token?: string;
	readonly signal?: AbortSignal;
}

export async function openHostileWorld(): Promise<HostileWorld> {
	const home = await mkdtemp(join(tmpdir(), 'flywheel-hostile-'));
	const log: string[] = [];
	const served = await serve({
		config: {
			host: '127.0.0.1',
			port: 0,
			url: undefined,
			home,
			ownerToken,
			withSamples: false,
			withRunner: false,
			historyDays: 30,
		},
		logger: pino({ level: 'trace' }, { write: (line: string) => void log.push(line) }),
		appFolder: join(home, 'no-app'),
	});
	const owner = client(served.url, served.owner.id, ownerToken);
	for (const [name, schema] of [
		['Target', sentiment],
		['Bystander', sentiment],
		['Pictures', pictures],
	] as const)
		await owner.json('POST', '/api/projects', { name, schema });
	for (const project of ['target', 'bystander'])
		await owner.json('POST', `/api/projects/${project}/import`, {
			id: 'one',
			data: { text: 'Hi' },
		});
	const {
		batches: [batch],
	} = await owner.json<{ batches: string[] }>('POST', '/api/projects/target/batches', {
		purpose: 'label',
		choose: { by: 'oldest', count: 1 },
		members: [served.owner.id],
	});

	const faults = (): string[] =>
		log.filter((line) => (JSON.parse(line) as { level: number }).level >= 50);
	return {
		...served,
		home,
		log,
		client: owner,
		batch: batch!,
		send: (method, path, { body, headers = {}, token = ownerToken, signal } = {}) =>
			fetch(served.url + path, {
				method,
				headers: { Authorization: `Bearer ${token}`, ...headers },
				...(body === undefined ? {} : { body, duplex: 'half' }),
				...(signal ? { signal } : {}),
			}),
		async raw(bytes) {
			const socket = connect(served.address.port, '127.0.0.1');
			const heard: Buffer[] = [];
			socket.on('data', (chunk) => heard.push(chunk));
			socket.on('error', () => undefined); // a reset is an answer too: what came before it counts
			const closed = new Promise((resolve) => socket.once('close', resolve));
			socket.write(bytes);
			await closed;
			return Buffer.concat(heard).toString('latin1');
		},
		async unharmed(attack, { tables = [], faults: known = /^$/ } = {}) {
			const [before, past] = [await fingerprint(home, tables), faults().length];
			const result = await attack();
			expect(
				faults()
					.slice(past)
					.filter((line) => !known.test(line)),
			).toEqual([]);
			expect((await fetch(`${served.url}/healthz`)).status).toBe(200);
			// What a cut connection left may still be on its way out.
			await expect.poll(() => fingerprint(home, tables)).toEqual(before);
			return result;
		},
		async remove() {
			await served.close();
			await rm(home, { recursive: true, force: true });
		},
	};
}

/** Every row of every table and every file of the data folder, each as one hash. */
async function fingerprint(home: string, but: readonly string[]): Promise<Record<string, string>> {
	const found: Record<string, string> = {};
	for (const name of ['tables.db', 'updates.db']) {
		const database = new DatabaseSync(join(home, name), { readOnly: true });
		const tables = database
			.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`)
			.all()
			.map((row) => String(row['name']))
			.filter((table) => !but.includes(table) && !table.startsWith('sqlite_stat'));
		for (const table of tables)
			found[`${name}/${table}`] = hashOf(
				Buffer.from(
					JSON.stringify(database.prepare(`SELECT * FROM "${table}"`).all(), (_, value: unknown) =>
						typeof value === 'bigint' ? String(value) : value,
					),
				),
			);
		database.close();
	}
	for (const folder of ['blobs', 'repositories'])
		for (const entry of await readdir(join(home, folder), {
			recursive: true,
			withFileTypes: true,
		})) {
			const path = join(entry.parentPath, entry.name);
			if (entry.isFile()) found[relative(home, path)] = hashOf(await readFile(path));
		}
	return found;
}

export function hashOf(bytes: Uint8Array): string {
	return createHash('sha256').update(bytes).digest('hex');
}

/** Checks that a reply is an error of the table: its status, a message that names the thing, its hint. */
export async function expectError(
	reply: Response,
	code: ErrorCode,
	names: string | RegExp = /\S/,
): Promise<void> {
	const text = await reply.text();
	expect(reply.headers.get('content-type'), text).toMatch(/^application\/json/);
	const { error } = JSON.parse(text) as ErrorBody;
	expect([reply.status, error.code, error.hint]).toEqual([
		errorTable[code].status,
		code,
		errorTable[code].hint,
	]);
	expect(error.message).toMatch(names);
}
