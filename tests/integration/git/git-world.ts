import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BlobStore } from '#sync-server/blobs/blob-store.ts';
import { openFolderBlobStore } from '#sync-server/blobs/folder-blob-store.ts';
import { gitHandler } from '#sync-server/git/git-handler.ts';
import type { TrainPush } from '#sync-server/git/pushes.ts';
import { openRepositories, type Repositories } from '#sync-server/git/repositories.ts';
import type { Caller } from '#sync-server/accounts/caller.ts';
import { Guard } from '#sync-server/accounts/guard.ts';
import { importLines } from '#sync-server/import/import-lines.ts';
import { openTables } from '#sync-server/tables/sqlite/open-tables.ts';
import type { Tables } from '#sync-server/tables/tables.ts';
import { schemaShape } from '#shared/schema/schema.ts';
import { gitEnvironment } from '../../support/git-environment.ts';

const run = promisify(execFile);

export const at = '2026-01-02T03:04:05.000Z';

/** What a command said, whether it succeeded or not. */
export interface Said {
	readonly exitCode: number;
	readonly text: string;
}

/** Real tables, blobs and repositories behind a real HTTP server, with callers by token. */
export class GitWorld {
	readonly folder: string;
	readonly tables: Tables;
	readonly blobStore: BlobStore;
	readonly callers = new Map<string, Caller>();
	readonly pushes: TrainPush[] = [];
	readonly faults: unknown[] = [];
	/** What the run maker does with a push, beside noting it. */
	onTrainPush: (push: TrainPush) => Promise<void> = (push) => {
		push.report(`Run ${this.pushes.length} is queued: ${this.url}/runs/${this.pushes.length}`);
		return Promise.resolve();
	};
	repositories!: Repositories;
	url = '';
	#close: () => Promise<void> = () => Promise.resolve();

	private constructor(folder: string, tables: Tables, blobStore: BlobStore) {
		this.folder = folder;
		this.tables = tables;
		this.blobStore = blobStore;
	}

	static async open(): Promise<GitWorld> {
		const folder = await mkdtemp(join(tmpdir(), 'flywheel-git-'));
		const tables = await openTables({ file: join(folder, 'tables.sqlite') });
		const world = new GitWorld(folder, tables, await openFolderBlobStore(join(folder, 'blobs')));
		await world.#serve();
		for (const user of ['ada', 'bob'])
			world.callers.set(`${user}-token`, {
				kind: 'person',
				user,
				name: user,
				via: 'token',
				credential: 'of the test',
			});
		return world;
	}

	async #serve(): Promise<void> {
		const { tables, blobStore } = this;
		this.repositories = await openRepositories({
			folder: join(this.folder, 'repositories'),
			tables,
			blobStore,
			onTrainPush: async (push) => {
				this.pushes.push(push);
				await this.onTrainPush(push);
			},
			nameOf: (user) => Promise.resolve(`The ${user}`),
			url: () => this.url,
			onFault: (error) => this.faults.push(error),
			now: () => new Date(at),
		});
		const server = createServer(
			gitHandler({
				repositories: this.repositories,
				tables,
				blobStore,
				blobLimitBytes: 16 * 1024 * 1024,
				guard: new Guard(tables),
				identify: (request) => Promise.resolve(this.callers.get(tokenOf(request))),
				url: () => this.url,
				onFault: (error) => this.faults.push(error),
			}),
		);
		server.listen(0, '127.0.0.1');
		await once(server, 'listening');
		this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
		this.#close = async () => {
			server.closeAllConnections();
			server.close();
			await this.repositories.close();
		};
	}

	/** A project of ada's, with a repository that can be trained. */
	async project(id: string, files: readonly { path: string; bytes: string }[] = []): Promise<void> {
		await this.tables.projects.create({
			id,
			name: id,
			schema: schemaShape.parse({
				shows: [{ field: 'text', as: 'text' }],
				tools: [
					{
						name: 'sentiment',
						kind: 'choice',
						required: true,
						options: [{ name: 'positive' }, { name: 'negative' }],
					},
				],
			}),
			reviews: false,
			isSample: false,
			itemKey: '0'.repeat(64),
			by: 'ada',
			at,
		});
		const first = [{ path: 'README.md', bytes: `# ${id}\n` }, ...files];
		await this.repositories.create(id, first, 'ada');
	}

	/** Imports lines into a project, as ada; nothing may be refused. */
	async import(project: string, lines: readonly object[]): Promise<void> {
		const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
		const report = await importLines(this, {
			project,
			by: 'ada',
			lines: pieces(Buffer.from(text)),
			replaces: true,
		});
		if (report.refused > 0) throw new Error(JSON.stringify(report.refusals));
	}

	/** The address of a project's repository with a token of someone. */
	remote(project: string, token = 'ada-token'): string {
		return `${this.url.replace('://', `://x:${token}@`)}/git/${project}.git`;
	}

	/** Runs git as a person would, in a folder below the world's. */
	async git(folder: string, ...args: string[]): Promise<Said> {
		return this.command('git', folder, args);
	}

	async command(program: string, folder: string, args: readonly string[]): Promise<Said> {
		const env = gitEnvironment(this.folder);
		const cwd = join(this.folder, folder);
		try {
			const { stdout, stderr } = await run(program, args, { cwd, env });
			return { exitCode: 0, text: stdout + stderr };
		} catch (error) {
			const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
			return { exitCode: code, text: stdout + stderr };
		}
	}

	/** Stops serving and opens everything anew over the same folders. */
	async restart(): Promise<void> {
		await this.#close();
		await this.#serve();
	}

	async close(): Promise<void> {
		await this.#close();
		await this.tables.close();
		await rm(this.folder, { recursive: true, force: true });
	}
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
	for (let start = 0; start < bytes.length; start += 65_536)
		yield bytes.subarray(start, start + 65_536);
	await Promise.resolve();
}

function tokenOf(request: Request): string {
	const header = request.headers.get('authorization') ?? '';
	const [kind, value = ''] = header.split(' ');
	if (kind === 'Bearer') return value;
	return Buffer.from(value, 'base64').toString().split(':')[1] ?? '';
}
