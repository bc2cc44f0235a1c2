import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { getRequestListener } from '@hono/node-server';
import { schemaShape } from '#shared/schema/schema.ts';
import { hashOf } from '#sync-server/accounts/secret.ts';
import { openFolderBlobStore } from '#sync-server/blobs/folder-blob-store.ts';
import { gitHandler } from '#sync-server/git/git-handler.ts';
import { openRepositories, type Repositories } from '#sync-server/git/repositories.ts';
import type { Caller } from '#sync-server/accounts/caller.ts';
import { Guard } from '#sync-server/accounts/guard.ts';
import { apiRouter } from '#sync-server/http/router.ts';
import { UnderWay } from '#sync-server/http/under-way.ts';
import { trainingRoutes } from '#sync-server/http/training-routes.ts';
import { importLines } from '#sync-server/import/import-lines.ts';
import { openRuns, type Runs } from '#sync-server/runs/open-runs.ts';
import { openTables } from '#sync-server/tables/sqlite/open-tables.ts';
import type { Run } from '#sync-server/tables/runs.ts';
import type { AttemptRow } from '#sync-server/tables/attempts.ts';
import type { Tables } from '#sync-server/tables/tables.ts';
import { gitEnvironment } from '../../support/git-environment.ts';
import { Relay } from '../../support/relay.ts';

const run = promisify(execFile);
const runnerProgram = fileURLToPath(new URL('../../../runner/main.ts', import.meta.url));
const project = 'reviews';

/** Real tables, blobs, repositories and routes behind real HTTP; runners are real processes of their own. */
export class RunWorld {
	readonly folder: string;
	readonly tables: Tables;
	readonly faults: unknown[] = [];
	readonly relay: Relay;
	/** Added to the server's clock. */
	aheadMs = 0;
	repositories!: Repositories;
	runs!: Runs;
	readonly #underWay = new UnderWay();
	readonly #server: Server;
	readonly #runners = new Set<ChildProcess>();
	readonly #callers = new Map<string, Caller>([
		['ada', { kind: 'person', user: 'ada', name: 'Ada', via: 'token', credential: 'of the test' }],
		['eve', { kind: 'person', user: 'eve', name: 'Eve', via: 'token', credential: 'of the test' }],
		['machine', { kind: 'runner', token: 'token-1', name: 'machine', user: 'ada' }],
		['foreign', { kind: 'runner', token: 'token-2', name: 'foreign', user: 'eve' }],
	]);

	private constructor(folder: string, tables: Tables, server: Server, relay: Relay) {
		this.folder = folder;
		this.tables = tables;
		this.#server = server;
		this.relay = relay;
	}

	static async open(): Promise<RunWorld> {
		const folder = await mkdtemp(join(tmpdir(), 'flywheel-runs-'));
		const tables = await openTables({ file: join(folder, 'tables.sqlite') });
		const server = createServer({ requestTimeout: 0 });
		server.listen(0, '127.0.0.1');
		await once(server, 'listening');
		const relay = new Relay((server.address() as AddressInfo).port);
		await relay.open();
		const world = new RunWorld(folder, tables, server, relay);
		await world.#serve();
		await world.#fill();
		return world;
	}

	get url(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	async #serve(): Promise<void> {
		const { tables } = this;
		const blobStore = await openFolderBlobStore(join(this.folder, 'blobs'));
		const onFault = (error: unknown): void => void this.faults.push(error);
		const guard = new Guard(tables);
		this.repositories = await openRepositories({
			folder: join(this.folder, 'repositories'),
			tables,
			blobStore,
			onTrainPush: (push) => this.runs.onTrainPush(push),
			nameOf: (user) => Promise.resolve(user),
			url: () => this.url,
			onFault,
		});
		this.runs = openRuns({
			tables,
			repository: this.repositories,
			hint: () => undefined,
			url: this.url,
			onFault,
			now: () => new Date(Date.now() + this.aheadMs),
			elapsed: () => performance.now() + this.aheadMs,
		});
		const identify = async (request: Request): Promise<Caller | undefined> => {
			const token = tokenOf(request);
			return this.#callers.get(token) ?? this.#attempt(token);
		};
		const router = apiRouter({
			routes: trainingRoutes({ ...this.runs, guard }),
			identify,
			onFault,
			url: this.url,
		});
		const api = getRequestListener((request) => router.fetch(request), {
			overrideGlobalObjects: false,
		});
		const git = gitHandler({
			repositories: this.repositories,
			tables,
			blobStore,
			blobLimitBytes: 16 * 1024 * 1024,
			guard,
			identify,
			url: () => 'https://flywheel.example',
			onFault,
		});
		this.#server.on('request', (req, res) => {
			if (req.url?.startsWith('/git/')) git(req, res);
			else this.#underWay.begin(api(req, res));
		});
	}

	async #attempt(token: string): Promise<Caller | undefined> {
		const attempt = await this.runs.attemptOf(hashOf(token));
		return attempt && { kind: 'attempt', ...attempt };
	}

	/** A project with 60 labeled items and 20 without a label, and a snapshot of them. */
	async #fill(): Promise<void> {
		const at = new Date().toISOString();
		const options = [{ name: 'positive' }, { name: 'negative' }];
		await this.tables.projects.create({
			id: project,
			name: 'Reviews',
			schema: schemaShape.parse({
				shows: [{ field: 'text', as: 'text' }],
				tools: [{ name: 'sentiment', kind: 'choice', required: true, options }],
			}),
			reviews: false,
			isSample: false,
			itemKey: '0'.repeat(64),
			by: 'ada',
			at,
		});
		await this.repositories.create(project, [{ path: 'README.md', bytes: '# Reviews\n' }], 'ada');
		const lines = Array.from({ length: 80 }, (_, n) => ({
			id: `r${n}`,
			data: { text: `text ${n}` },
			split: n % 3 === 0 ? 'valid' : n % 3 === 1 ? 'gate' : 'train',
			...(n < 60 ? { answer: { values: { sentiment: n % 2 ? 'positive' : 'negative' } } } : {}),
		}));
		await importLines(
			{ tables: this.tables },
			{
				project,
				by: 'ada',
				lines: pieces(lines.map((line) => `${JSON.stringify(line)}\n`).join('')),
				replaces: true,
			},
		);
		await this.repositories.snapshot({ project, name: 'main', message: 'First', by: 'ada' });
	}

	/** Pushes files as `train/<name>`; answers what the pusher's terminal shows. */
	async push(name: string, files: Readonly<Record<string, string>>): Promise<string> {
		const folder = await mkdtemp(join(this.folder, 'clone-'));
		await this.git(folder, 'clone', '-q', this.#remote, '.');
		await this.git(folder, 'checkout', '-q', '-b', `train/${name}`);
		for (const [path, text] of Object.entries(files)) {
			await mkdir(dirname(join(folder, path)), { recursive: true });
			await writeFile(join(folder, path), text);
		}
		await this.git(folder, 'add', '-A');
		await this.git(folder, 'commit', '-q', '-m', `Try ${name}`);
		return this.git(folder, 'push', 'origin', `train/${name}`);
	}

	/** A fresh clone of the project, checked out at a branch. */
	async checkout(branch: string): Promise<string> {
		const folder = await mkdtemp(join(this.folder, 'clone-'));
		await this.git(folder, 'clone', '-q', '--branch', branch, this.#remote, '.');
		return folder;
	}

	get #remote(): string {
		return `${this.url.replace('://', '://x:ada@')}/git/${project}.git`;
	}

	async git(folder: string, ...args: readonly string[]): Promise<string> {
		const options = { cwd: folder, env: gitEnvironment(this.folder) };
		const { stdout, stderr } = await run('git', [...args], options);
		return stdout + stderr;
	}

	/** Starts a runner that reaches the server through the relay. The same name has the same work folder. */
	startRunner(name: string, ...more: readonly string[]): RunnerProcess {
		const work = join(this.folder, `work-${name}`);
		const child = spawn(
			process.execPath,
			[
				runnerProgram,
				'--server',
				this.relay.url,
				'--name',
				name,
				'--work',
				work,
				'--grace',
				'1',
				...more,
			],
			{
				stdio: ['pipe', 'pipe', 'pipe'],
				env: {
					PATH: process.env['PATH'],
					FLYWHEEL_RUNNER_TOKEN: 'machine',
					SECRET_KEY: 'opensesame',
				},
			},
		);
		this.#runners.add(child);
		return new RunnerProcess(child, work);
	}

	/** Calls the API as somebody. */
	async call<T>(method: string, path: string, body?: unknown, as = 'ada'): Promise<T> {
		const reply = await fetch(this.url + path, {
			method,
			headers: { Authorization: `Bearer ${as}`, 'Content-Type': 'application/json' },
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
		const text = await reply.text();
		if (!reply.ok) throw new Error(`${reply.status} ${text}`);
		return (text === '' ? undefined : JSON.parse(text)) as T;
	}

	run(id: string): Promise<Run & { attempts: AttemptRow[] }> {
		return this.call('GET', `/api/runs/${id}`);
	}

	async log(id: string): Promise<string> {
		return (await this.call<{ text: string }>('GET', `/api/runs/${id}/log`)).text;
	}

	/** Waits until the run is in one of these states. */
	reaches(id: string, ...states: readonly string[]): Promise<Run & { attempts: AttemptRow[] }> {
		return until(
			`run ${id} to be ${states.join(' or ')}`,
			async () => {
				const found = await this.run(id);
				return states.includes(found.state) ? found : undefined;
			},
			async () => `${JSON.stringify(await this.run(id))}\n${await this.log(id)}`,
		);
	}

	async close(): Promise<void> {
		for (const child of this.#runners) {
			if (child.exitCode !== null || child.signalCode !== null) continue;
			const exit = once(child, 'exit');
			child.kill('SIGTERM');
			await exit;
		}
		await this.relay.close();
		this.runs.close();
		this.#server.closeAllConnections();
		this.#server.close();
		await this.#underWay.over();
		await this.repositories.close();
		await this.tables.close();
		await makeWritable(this.folder);
		await rm(this.folder, { recursive: true, force: true });
	}
}

export class RunnerProcess {
	readonly child: ChildProcess;
	readonly work: string;
	output = '';

	constructor(child: ChildProcess, work: string) {
		this.child = child;
		this.work = work;
		for (const stream of [child.stdout!, child.stderr!])
			stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
	}

	/** Nothing is flushed, nobody is told. */
	async kill(): Promise<void> {
		const exit = once(this.child, 'exit');
		this.child.kill('SIGKILL');
		await exit;
	}

	async stop(): Promise<void> {
		const exit = once(this.child, 'exit');
		this.child.kill('SIGTERM');
		await exit;
	}

	/** Waits until nothing of any attempt lies there any more. */
	async hasClearedUp(): Promise<void> {
		await until('the runner to clear up', async () =>
			(await this.attemptFolders()).length === 0 ? true : undefined,
		);
	}

	/** Names of what lies in the folder of attempts. */
	async attemptFolders(): Promise<string[]> {
		return readdir(join(this.work, 'attempts')).catch(() => []);
	}
}

/** Waits until a question has an answer, asking again. */
export async function until<T>(
	what: string,
	ask: () => Promise<T | undefined>,
	explain: () => Promise<string> = () => Promise.resolve(''),
): Promise<T> {
	const deadline = Date.now() + 30_000;
	for (;;) {
		const answer = await ask();
		if (answer !== undefined) return answer;
		if (Date.now() > deadline) throw new Error(`gave up waiting for ${what}\n${await explain()}`);
		await new Promise((done) => setTimeout(done, 50));
	}
}

/** Processes whose command line holds a text. */
export async function processesWith(text: string): Promise<string[]> {
	const { stdout } = await run('ps', ['-A', '-ww', '-o', 'pid=,stat=,args=']);
	return stdout
		.split('\n')
		.filter((line) => line.includes(text) && !/^\s*\d+\s+Z/.test(line) && !line.includes('ps -A'));
}

async function* pieces(text: string): AsyncGenerator<Uint8Array> {
	yield await Promise.resolve(Buffer.from(text));
}

async function makeWritable(folder: string): Promise<void> {
	for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
		if (entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), 0o755);
}

function tokenOf(request: Request): string {
	const [kind, value = ''] = (request.headers.get('authorization') ?? '').split(' ');
	if (kind === 'Bearer') return value;
	return Buffer.from(value, 'base64').toString().split(':')[1] ?? '';
}
