import * as Y from 'yjs';
import { parts, type Access } from '#shared/access/access.ts';
import { closeCodes } from '#shared/wire/close-codes.ts';
import { formatDocumentName, parseDocumentName } from '#shared/wire/document-name.ts';
import { documentVersion } from '#shared/wire/document-version.ts';
import type { Message } from '#shared/wire/messages.ts';
import { hasPending } from '#sync-server/log/compact-document.ts';
import type { AppendedUpdate } from '#sync-server/log/update-log.ts';
import { MemorySocket } from '../../../support/memory-socket.ts';
import { DeviceDocument, heardMessage, type Surroundings } from './device-document.ts';
import { Rights } from './rights.ts';
import { startLife, type ServerLife } from './server-life.ts';
import { openTestTables, project, type TestBatch } from './tables-in-memory.ts';
import { TestDisk } from './test-disk.ts';

export interface WorldOptions {
	readonly store: 'memory' | 'sqlite';
	readonly compactionRows: number;
	/** Whether documents that nobody has open stay in memory. */
	readonly keepsIdle: boolean;
}

/** Somebody's device, with the session it is signed in with. */
export interface Device {
	readonly name: string;
	readonly user: string;
	session: number;
	readonly documents: ReadonlyMap<string, DeviceDocument>;
}

/** A connection as the laws see it. */
interface Watched {
	readonly user: string;
	readonly path: string;
	readonly session: string;
	readonly socket: MemorySocket;
	/** The step in which the right to read it went. */
	lostIn: number | undefined;
}

const devicesOf = ['lara', 'lara', 'liam', 'lena', 'rita', 'vic', 'owner'] as const;

/**
 * A whole world in one process: the real documents, gate, log, tables and projection of a server, sockets whose
 * bytes the test moves, and devices with tabs. Everything that must hold at every moment is looked at here; a
 * broken law throws.
 */
export class SyncWorld {
	readonly batches: readonly TestBatch[];
	readonly devices: readonly Device[];
	readonly tables = openTestTables();
	readonly paths: readonly string[];
	readonly disk: TestDisk;
	readonly rights: Rights;
	/** When the log took an entry of `submitted`, by its id: the server's clock. */
	readonly receivedAt = new Map<string, string>();
	/** Every submission that was ever made, by id. */
	readonly made = new Map<string, string>();
	/** Milliseconds since the epoch; people and server share a clock. */
	now = Date.parse('2026-02-01T00:00:00Z');
	readonly #options: WorldOptions;
	readonly #ended = new Set<string>();
	readonly #watched = new Set<Watched>();
	/** Sockets that their clients have left; the server does not know yet. */
	readonly #left: MemorySocket[] = [];
	readonly #acknowledged = new Map<string, Uint8Array[]>();
	readonly #heard = new Map<string, Uint8Array[]>();
	#server: ServerLife | undefined;
	/** What the tables wait for before they answer. */
	#tablesReady = Promise.resolve();
	#releaseTables: (() => void) | undefined;
	#step = 0;
	#ids = 0;
	/** What was broken where nothing could be thrown: within a socket's event. */
	#broken: Error | undefined;
	/** Rights as they were when this step began. */
	#before = new Map<string, Access>();

	constructor(options: WorldOptions) {
		this.#options = options;
		this.disk = new TestDisk(options.store);
		this.rights = new Rights(this.tables, () => new Date(this.now).toISOString());
		this.batches = this.tables.batches;
		this.paths = this.batches.flatMap(({ id: batch }) =>
			parts.map((part) => formatDocumentName({ project, batch, part })),
		);
		this.devices = devicesOf.map((user, index) => {
			const device: Device = {
				name: `${user} at ${index}`,
				user,
				session: 0,
				documents: new Map(
					this.paths.map((path) => [
						path,
						new DeviceDocument(
							path,
							this.#around(() => device, path),
						),
					]),
				),
			};
			return device;
		});
	}

	get server(): ServerLife {
		return this.#server!;
	}

	get keepsIdle(): boolean {
		return this.#options.keepsIdle;
	}

	newId(): string {
		return `id${this.#ids++}`;
	}

	batchOf(path: string): TestBatch {
		const { batch } = parseDocumentName(path)!;
		return this.batches.find(({ id }) => id === batch)!;
	}

	/** Does one thing, then waits until the server has nothing left to do for it. */
	async during(work: () => void | Promise<void>): Promise<void> {
		this.#step++;
		this.now += 1000;
		this.#before = new Map(
			this.devices.flatMap(({ user }) =>
				this.paths.map((path) => [`${user} ${path}`, this.rights.accessOf(user, path)]),
			),
		);
		await work();
		await this.settle();
	}

	/** Waits until the server has answered everything that the disk lets it answer. */
	async settle(): Promise<void> {
		for (let quiet = 0; quiet < 4;) {
			await new Promise((resolve) => setImmediate(resolve));
			const isHeld = this.disk.isHeld || this.#releaseTables !== undefined;
			quiet = this.server.life.waiting === 0 || isHeld ? quiet + 1 : 0;
		}
		if (this.#broken) throw this.#broken;
	}

	/** Starts the server on what is on the disk. */
	async start(): Promise<void> {
		this.#server = await startLife({
			...this.#options,
			log: await this.disk.open(),
			tables: this.tables,
			tablesReady: () => this.#tablesReady,
			now: () => this.now,
			logged: (method, input) => this.#logged(method, input),
			passed: (document, what) =>
				this.#break(`${document} holds what the tables do not take: ${JSON.stringify(what)}`),
		});
	}

	/** `kill -9`: nobody is told, what was being written may be there or not. Then it is started again. */
	async crash(): Promise<void> {
		const { life, documents, log } = this.server;
		life.isOver = true;
		const survived = this.disk.survive(log);
		this.letTablesGo();
		this.#cutAll();
		void documents.close(); // only its timers and threads: it hears nothing any more
		await survived;
		await this.checkDisk();
		await this.start();
	}

	/** Ends the server as an operator does, and starts it again. */
	async restart(): Promise<void> {
		await this.#stop();
		this.#cutAll();
		await this.checkDisk();
		await this.start();
	}

	async close(): Promise<void> {
		this.disk.mend();
		await this.#stop();
		this.tables.database.close();
		this.disk.remove();
	}

	async #stop(): Promise<void> {
		const { life, documents, log } = this.server;
		this.disk.letGo();
		this.letTablesGo();
		await documents.close();
		await log.close();
		life.isOver = true;
	}

	/** Projecting takes long from now on. */
	holdTables(): void {
		if (this.#releaseTables) return;
		const { promise, resolve } = Promise.withResolvers<void>();
		this.#tablesReady = promise;
		this.#releaseTables = resolve;
	}

	letTablesGo(): void {
		this.#releaseTables?.();
		this.#releaseTables = undefined;
	}

	/** The server hears that somebody left long ago. */
	cutLeft(): void {
		this.#left.shift()?.cut();
	}

	/** Somebody left, and the server does not know. */
	leave(socket: MemorySocket | undefined): void {
		if (socket) this.#left.push(socket);
	}

	/** Documents that anybody wrote anything in. */
	writtenPaths(): string[] {
		return this.paths.filter((path) =>
			this.devices.some(({ documents }) => documents.get(path)!.isWritten),
		);
	}

	/** Everything that was acknowledged or sent to anybody is on the disk, whole. */
	async checkDisk(): Promise<void> {
		for (const [path, { document }] of await this.disk.read(this.paths))
			for (const [what, updates] of [
				['acknowledged', this.#acknowledged.get(path) ?? []],
				['sent to somebody', this.#heard.get(path) ?? []],
			] as const)
				for (const update of updates)
					if (!holds(document, update))
						throw new Error(`${path}: what was ${what} is not on the disk`);
	}

	#cutAll(): void {
		for (const { socket } of this.#watched) socket.cut();
		this.#watched.clear();
		this.#left.length = 0;
	}

	#around(device: () => Device, path: string): Surroundings {
		const keep = (kept: Map<string, Uint8Array[]>, updates: readonly Uint8Array[]): void => {
			kept.set(path, [...(kept.get(path) ?? []), ...updates]);
		};
		return {
			get user() {
				return device().user;
			},
			// Spread over the numbers, so that who wins a concurrent write is nobody's privilege.
			newClientId: () => (Math.imul(++this.#ids, 0x9e3779b1) >>> 0) + 1,
			connect: (cursor, ears) => this.#connect(device(), path, cursor, ears),
			acknowledged: (updates) => keep(this.#acknowledged, updates),
			heard: (update) => keep(this.#heard, [update]),
		};
	}

	#connect(
		device: Device,
		path: string,
		cursor: string | undefined,
		ears: { message: (message: Message) => void; closed: (code: number) => void },
	): MemorySocket {
		const { user } = device;
		const session = sessionOf(device);
		const isEnded = this.#ended.has(session);
		const socket = new MemorySocket({
			server: this.server.sockets,
			now: () => this.#step,
			ears: {
				message: (frame, writtenAt) => {
					const message = heardMessage(frame);
					this.#look(watched, message, writtenAt);
					ears.message(message);
				},
				closed: (code) => {
					this.#watched.delete(watched);
					ears.closed(code);
				},
			},
			accepted: (wire) => {
				const who = { user, name: user, credential: session };
				const { code, reason } = closeCodes.signInNeeded;
				const address = { cursor, version: documentVersion };
				if (isEnded) wire.socket.close(code, reason);
				else void this.server.documents.accept(wire, who, path, address);
			},
		});
		const mayRead = !isEnded && this.rights.accessOf(user, path) !== 'none';
		const watched: Watched = {
			user,
			path,
			session,
			socket,
			lostIn: mayRead ? undefined : this.#step - 1,
		};
		this.#watched.add(watched);
		return socket;
	}

	/** Rights changed, in the tables and in the model: from the next step on nobody hears what they may not. */
	changeRights(change: ReturnType<Rights['flipMember']>): void {
		if (change) this.#flipped(() => this.server.documents.rightsChanged(change));
	}

	/** The session of a device ends. */
	endSession(device: Device): void {
		const session = sessionOf(device);
		this.#ended.add(session);
		this.#flipped(() => this.server.documents.credentialEnded(session));
	}

	signIn(device: Device): void {
		if (this.#ended.has(sessionOf(device))) device.session++;
	}

	#flipped(tell: () => void): void {
		for (const one of this.#watched)
			if (this.#ended.has(one.session) || this.rights.accessOf(one.user, one.path) === 'none')
				one.lostIn ??= this.#step;
		tell();
	}

	/** Nobody hears anything of a document they may not read, nor presence in a blind batch. */
	#look({ user, path, lostIn }: Watched, message: Message, writtenAt: number): void {
		if (lostIn !== undefined && writtenAt > lostIn)
			this.#break(`${user} heard ${message.kind} of ${path}, which they may not read`);
		if (message.kind === 'awareness' && this.batchOf(path).isBlind && message.update.length > 1)
			this.#break(`${user} heard who is in the blind ${path}`);
	}

	/** Nothing of somebody who may not write reaches the log. */
	#logged(method: string, input: readonly unknown[]): void {
		if (method !== 'append') return;
		const [path, { user, data }] = input as [string, AppendedUpdate];
		const may = [this.#before.get(`${user} ${path}`), this.rights.accessOf(user, path)];
		if (!may.includes('write')) this.#break(`${user} wrote ${path}, which they may not write`);
		for (const struct of Y.decodeUpdate(data).structs)
			if (
				struct instanceof Y.Item &&
				(struct.parent as unknown) === 'submitted' &&
				struct.parentSub
			)
				this.receivedAt.set(struct.parentSub, new Date(this.now).toISOString());
	}

	#break(reason: string): void {
		this.#broken ??= new Error(`${reason} (step ${this.#step})`);
	}
}

/** Whether a document says everything that an update says, its deletions too. */
function holds(document: Y.Doc, update: Uint8Array): boolean {
	let isNew = false;
	const notice = (): void => void (isNew = true);
	document.on('update', notice);
	Y.applyUpdate(document, update);
	document.off('update', notice);
	return !isNew && !hasPending(document);
}

function sessionOf({ name, session }: Device): string {
	return `${name}, session ${session}`;
}
