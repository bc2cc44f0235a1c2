import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Role } from '#shared/access/access.ts';
import type { Submitted } from '#shared/corpus/submission.ts';
import type { Schema } from '#shared/schema/schema.ts';
import { openFolderBlobStore } from '#sync-server/blobs/folder-blob-store.ts';
import { tableProjection } from '#sync-server/projection/table-projection.ts';
import type { Entry } from '#sync-server/documents/projection.ts';
import { dataRoutes } from '#sync-server/http/data-routes.ts';
import { Guard } from '#sync-server/accounts/guard.ts';
import { apiRouter } from '#sync-server/http/router.ts';
import { openTables } from '#sync-server/tables/sqlite/open-tables.ts';
import type { Passed } from '#sync-server/tables/submissions.ts';

export const textSchema: Schema = {
	shows: [{ field: 'text', as: 'text' }],
	instructions: '',
	tools: [
		{
			name: 'mood',
			kind: 'choice',
			required: true,
			many: false,
			options: [{ name: 'good' }, { name: 'bad' }],
		},
	],
};

export const imageSchema: Schema = { ...textSchema, shows: [{ field: 'image', as: 'image' }] };

/** Who is in the project `p`, as what; `stranger` is in another one. */
const people: Readonly<Record<string, Role>> = {
	olga: 'owner',
	lea: 'lead',
	rita: 'reviewer',
	lars: 'labeler',
	lisa: 'labeler',
	vera: 'viewer',
};

export interface Reply<T> {
	readonly status: number;
	readonly headers: Headers;
	readonly body: T;
}

/** Tables, blobs, projection and the router of the data calls on a folder of their own. The token is the name. */
export async function openDataServer({ schema = textSchema, reviews = false } = {}) {
	const folder = await mkdtemp(join(tmpdir(), 'data-'));
	const tables = await openTables({ file: join(folder, 'tables.db') });
	const blobs = await openFolderBlobStore(join(folder, 'blobs'));
	const at = '2026-01-01T00:00:00.000Z';
	for (const [id, by] of [
		['p', 'olga'],
		['other', 'stranger'],
	] as const)
		await tables.projects.create({
			id,
			name: id,
			schema,
			reviews,
			isSample: false,
			itemKey: 'ab'.repeat(32),
			by,
			at,
		});
	for (const [user, role] of Object.entries(people))
		if (role !== 'owner')
			await tables.members.put({ project: 'p', user, role, hasCode: false, joinedAt: at });
	const changedRights: string[] = [];
	const faults: unknown[] = [];
	const passed: Passed[] = [];
	const projection = tableProjection({ tables, onPassed: (_, some) => passed.push(...some) });
	const router = apiRouter({
		routes: dataRoutes({
			tables,
			blobs,
			guard: new Guard(tables),
			rightsChanged: ({ batch }) => changedRights.push(batch),
			now: Date.now,
			blobLimitBytes: 1024 * 1024,
			importsFolder: join(folder, 'imports'),
		}),
		identify: (request) => {
			const user = request.headers.get('Authorization')?.replace('Bearer ', '');
			return Promise.resolve(
				user
					? { kind: 'person', user, name: user, via: 'token' as const, credential: 'of the test' }
					: undefined,
			);
		},
		onFault: (fault) => faults.push(fault),
		url: 'http://localhost',
	});
	onTestFinished(async () => {
		await tables.close();
		await rm(folder, { recursive: true });
	});

	const fetch = async (user: string, method: string, path: string, init: RequestInit = {}) =>
		router.fetch(
			new Request(`http://localhost${path}`, {
				method,
				duplex: 'half',
				...init,
				headers: { Authorization: `Bearer ${user}`, ...init.headers },
			} as RequestInit),
		);
	const call = async <T = { error: { code: string; message: string } }>(
		user: string,
		method: string,
		path: string,
		json?: unknown,
	): Promise<Reply<T>> => {
		const init = json === undefined ? {} : { body: JSON.stringify(json) };
		const response = await fetch(user, method, path, init);
		const text = await response.text();
		const body = (text === '' ? undefined : JSON.parse(text)) as T;
		return { status: response.status, headers: response.headers, body };
	};
	const sequences = new Map<string, number>();
	/** Writes entries as the log would hand them on, at a time. */
	const write = async (
		batch: string,
		part: 'answers' | 'verdicts',
		entries: readonly Pick<Entry, 'key' | 'value' | 'user'>[],
		receivedAt = new Date().toISOString(),
	): Promise<void> => {
		const name = `p/${batch}/${part}`;
		const upTo = (sequences.get(name) ?? 0) + 1;
		sequences.set(name, upTo);
		await projection.project({
			name,
			document: { project: 'p', batch, part },
			upTo,
			entries: entries.map((entry) => ({
				...entry,
				map: part === 'answers' ? 'submitted' : 'verdict',
				receivedAt,
			})),
		});
	};
	return { tables, blobs, call, fetch, write, changedRights, faults, passed, folder, projection };
}

/** A submission as a client writes it. */
export function submitted(
	item: string,
	mood: 'good' | 'bad' | 'skip',
	after: readonly string[] = [],
): Submitted {
	return {
		item,
		by: 'claimed',
		at: '2026-02-01T10:00:00.000Z',
		spentMs: 1000,
		schema: 1,
		guess: 'none',
		after: [...after],
		...(mood === 'skip'
			? { skipped: true as const }
			: { answer: { values: { mood }, regions: [], texts: {} } }),
	};
}

/** JSON lines as a stream in chunks that are cut anywhere. */
export function linesOf(values: readonly unknown[]): ReadableStream<Uint8Array> {
	const text = values
		.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
		.join('\n');
	return new Blob([text]).stream();
}

export function texts(count: number, from = 1): { id: string; data: { text: string } }[] {
	return Array.from({ length: count }, (_, index) => ({
		id: `i${index + from}`,
		data: { text: `Text number ${index + from}` },
	}));
}
