import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { removeFolder } from '#runner/files/remove-folder.ts';
import type { ImportReport } from '#shared/api/replies.ts';
import {
	serverEnvironment,
	serverFlags,
	serverProgram,
} from '#sync-server/operator/server-command.ts';

const root = join(import.meta.dirname, '../..');

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
	const server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	server.close();
	await once(server, 'close');
	return port;
}

export interface FlywheelOptions {
	/** Where people reach it, when that is not where it listens (a relay in between). */
	readonly url?: string;
	readonly port?: number;
	readonly home?: string;
	readonly environment?: Readonly<Record<string, string>>;
}

/** The real program as its own process, with a data folder of its own. */
export class Flywheel {
	readonly port: number;
	readonly home: string;
	readonly token: string;
	readonly #options: FlywheelOptions;
	#process: ChildProcess | undefined;
	#output = '';

	private constructor(port: number, home: string, options: FlywheelOptions) {
		this.port = port;
		this.home = home;
		this.token = 'fw_test-owner-token-0123456789abcdef';
		this.#options = options;
	}

	/** Starts a server and waits until it answers. */
	static async start(options: FlywheelOptions = {}): Promise<Flywheel> {
		const port = options.port ?? (await freePort());
		const home = options.home ?? (await mkdtemp(join(tmpdir(), 'flywheel-')));
		const flywheel = new Flywheel(port, home, options);
		await flywheel.launch();
		return flywheel;
	}

	/** Starts one without sample projects and without a runner. */
	static startEmpty(options: Omit<FlywheelOptions, 'environment'> = {}): Promise<Flywheel> {
		const environment = { FLYWHEEL_SAMPLES: '0', FLYWHEEL_RUNNER: '0' };
		return Flywheel.start({ ...options, environment });
	}

	get url(): string {
		return this.#options.url ?? this.direct;
	}

	/** The address that no relay stands before. */
	get direct(): string {
		return `http://127.0.0.1:${this.port}`;
	}

	/** Everything it has printed. */
	get output(): string {
		return this.#output;
	}

	get pid(): number {
		return this.#process!.pid!;
	}

	/** Starts the process, again after a kill. */
	async launch(): Promise<void> {
		const child = spawn(process.execPath, [...serverFlags, serverProgram], {
			cwd: root,
			stdio: ['ignore', 'pipe', 'pipe'],
			env: this.#environment(),
		});
		this.#process = child;
		for (const stream of [child.stdout, child.stderr])
			createInterface({ input: stream }).on('line', (line) => (this.#output += `${line}\n`));
		child.on('exit', (code, signal) => {
			this.#output += `(the server ended: ${signal ?? `code ${code}`})\n`;
		});
		const deadline = Date.now() + 60_000;
		while (Date.now() < deadline) {
			if (child.exitCode !== null || child.signalCode !== null)
				throw new Error(`the server ended:\n${this.#output}`);
			const isUp = await fetch(`${this.direct}/healthz`).then(
				(reply) => reply.ok,
				() => false,
			);
			if (isUp) return;
			await new Promise((done) => setTimeout(done, 50));
		}
		throw new Error(`the server did not come up:\n${this.#output}`);
	}

	#environment(): NodeJS.ProcessEnv {
		return {
			PATH: process.env['PATH'],
			HOME: this.home,
			...serverEnvironment,
			PORT: String(this.port),
			FLYWHEEL_HOME: join(this.home, 'data'),
			FLYWHEEL_URL: this.url,
			FLYWHEEL_OWNER_TOKEN: this.token,
			...this.#options.environment,
		};
	}

	/** `kill -9`: nothing is flushed, nobody is told. */
	async kill(): Promise<void> {
		const exit = once(this.#process!, 'exit');
		this.#process!.kill('SIGKILL');
		await exit;
	}

	/** Ends it as an operator does. Returns its exit code. */
	async stop(): Promise<number | null> {
		const child = this.#process!;
		if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
		const exit = once(child, 'exit');
		child.kill('SIGTERM');
		const [code] = (await exit) as [number | null];
		return code;
	}

	async remove(): Promise<void> {
		await this.stop();
		// The runner keeps snapshots read-only, so taking its folder away takes more than `rm`.
		if (!this.#options.home) await removeFolder(this.home);
	}

	/** A new sign-in link, as an operator makes one. */
	async signInLink(user: string): Promise<string> {
		const { stdout } = await promisify(execFile)(
			process.execPath,
			['sync-server/operator/sign-in.ts', user],
			{
				cwd: root,
				env: this.#environment(),
			},
		);
		const link = /https?:\/\/\S+#\S+/.exec(stdout)?.[0];
		if (!link) throw new Error(`no link in: ${stdout}`);
		return link;
	}

	/** Calls the API as the owner. Throws what the server said. */
	async call<T>(method: string, path: string, body?: unknown): Promise<T> {
		return (await this.#send(method, path, body === undefined ? null : JSON.stringify(body))) as T;
	}

	/** Imports JSON lines into a project. Throws what the server said. */
	async importLines(
		project: string,
		lines: string,
		how: 'add' | 'replace' = 'add',
	): Promise<ImportReport> {
		const query = `format=jsonl${how === 'replace' ? '&replace=1' : ''}`;
		return (await this.#send(
			'POST',
			`/api/projects/${project}/import?${query}`,
			lines,
		)) as ImportReport;
	}

	/** Makes batches to label, of items that are named or chosen; answers their ids. */
	async makeBatches(project: string, of: object): Promise<[string, ...string[]]> {
		const path = `/api/projects/${project}/batches`;
		const made = await this.call<{ batches: [string, ...string[]] }>('POST', path, {
			purpose: 'label',
			...of,
		});
		return made.batches;
	}

	async #send(method: string, path: string, body: string | null): Promise<unknown> {
		const reply = await fetch(this.direct + path, {
			method,
			headers: {
				Authorization: `Bearer ${this.token}`,
				...(body !== null && { 'Content-Type': 'application/json' }),
			},
			body,
		}).catch((cause: unknown) => {
			// A server that vanished says why, here where somebody looks.
			throw new Error(
				`${method} ${path}: no answer from the server, which said:\n${this.#output}`,
				{ cause },
			);
		});
		if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
		return reply.status === 204 ? undefined : await reply.json();
	}
}
