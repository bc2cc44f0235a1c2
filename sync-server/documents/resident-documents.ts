import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { isSameCursor, type Cursor } from '#shared/wire/cursor.ts';
import type { DocumentName } from '#shared/wire/document-name.ts';
import { leastWriters, type LeastWriters } from '#shared/wire/document-version.ts';
import type { UpdateLog, UpdatesSince } from '../log/update-log.ts';
import { Compactor } from './compactor.ts';
import type { Counters } from './counters.ts';
import { isProjected } from './document/entries.ts';
import { OpenDocument } from './document/open-document.ts';
import { ReadAside } from './document/read-aside.ts';
import { readStored } from './document/read-stored.ts';
import { FewAtOnce } from './few-at-once.ts';
import { GateAside, type GateAsideOptions } from './gate/gate-aside.ts';
import type { Projector } from './projector.ts';
import { Turns } from './turns.ts';

const idleBytes = 64 * 1024 * 1024;
const idleDocuments = 200;
const headMs = 2000;
/** Each load holds a document's bytes and the log's thread; more at once make none of them faster. */
const loadingAtOnce = 64;
/** About 200 bytes each. */
const headsAtMost = 10_000;

export interface ResidentLimits {
	/** Rows after which a document is compacted (200). */
	readonly compactionRows?: number;
	/** What documents that nobody has open may take in memory. */
	readonly idleBytes?: number;
	/** How long after a change everybody hears how far the document is (2 s). */
	readonly headMs?: number;
	/** Of updates that are judged beside the main thread. */
	readonly aside?: GateAsideOptions;
}

export interface ResidentOptions {
	readonly log: UpdateLog;
	readonly projector: Projector;
	readonly logger: Logger;
	readonly counters: Counters;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
	/** Which clients may write beside which. */
	readonly leastWriters?: LeastWriters | undefined;
	readonly limits?: ResidentLimits | undefined;
	/** Called once with each document that was read into memory, before anybody else has it. */
	readonly loaded: (document: OpenDocument) => void;
}

/**
 * The documents in memory: each is there once, for everybody who uses it, and stays for a while when nobody
 * does. Everything that is done with one beside the main thread is done by what this owns.
 */
export class ResidentDocuments {
	readonly #options: ResidentOptions;
	readonly #compactor: Compactor;
	readonly #aside: GateAside;
	readonly #readAside = new ReadAside();
	readonly #turns = new Turns();
	readonly #loading = new FewAtOnce(loadingAtOnce);
	/** One promise for everybody who opens the same document. */
	readonly #opened = new Map<string, Promise<OpenDocument>>();
	readonly #resident = new Map<string, OpenDocument>();
	/** Documents nobody has open, the longest unused first. */
	readonly #idle = new Set<OpenDocument>();
	/** How far documents are that are not here: only here is anything written to them. */
	readonly #headsOfOthers = new LRUCache<string, Cursor>({ max: headsAtMost });
	#isClosing = false;

	constructor(options: ResidentOptions) {
		const { log, projector, logger, counters, limits } = options;
		this.#options = options;
		this.#compactor = new Compactor({
			log,
			projector,
			logger,
			counters,
			...(limits?.compactionRows !== undefined && { leastRows: limits.compactionRows }),
		});
		this.#aside = new GateAside(limits?.aside);
	}

	/** Documents in memory. */
	get size(): number {
		return this.#resident.size;
	}

	has(path: string): boolean {
		return this.#resident.has(path);
	}

	/**
	 * What of a document that is not in memory came after a cursor; undefined where the log cannot tell. Of one
	 * that was here, or was asked for, a while ago it is known how far it is: for who has all of it nothing is read.
	 */
	async since(path: string, cursor: Cursor): Promise<UpdatesSince | undefined> {
		const head = this.#headsOfOthers.get(path);
		if (head && isSameCursor(cursor, head)) return { updates: [], cursor };
		const found = await this.#options.log.since(path, cursor);
		if (found && !this.#opened.has(path)) this.#headsOfOthers.set(path, found.cursor);
		return found;
	}

	/** Reads a document into memory, where it is not there, and gives it away in the same turn. Rejects with UnreadableDocument (S3). */
	async open(
		path: string,
		name: DocumentName,
		use: (document: OpenDocument) => void,
	): Promise<void> {
		for (;;) {
			const opening = this.#opened.get(path) ?? this.#load(path, name);
			this.#opened.set(path, opening);
			const document = await opening;
			// It may have been dropped between its opening and this turn.
			if (document.isClosed) {
				if (this.#opened.get(path) === opening) this.#opened.delete(path);
				continue;
			}
			this.#idle.delete(document);
			return use(document);
		}
	}

	/** Keeps a document in memory for the work of somebody who has no connection. */
	async use<T>(
		path: string,
		name: DocumentName,
		work: (document: OpenDocument) => Promise<T>,
	): Promise<T> {
		if (this.#isClosing) throw new Error('the documents are closing');
		const { promise: working, resolve } = Promise.withResolvers<T>();
		await this.open(path, name, (document) => {
			const release = document.hold();
			const leave = (): void => {
				release();
				if (document.isIdle && !document.isClosed) this.#retire(document);
			};
			resolve(work(document).finally(leave));
		});
		return working;
	}

	/** Somebody who listened to a document does so no more. */
	left(path: string): void {
		const document = this.#resident.get(path);
		if (document?.isIdle) this.#retire(document);
	}

	/** Drops the documents of a project from memory; who opens one again reads it from the log. */
	drop(project: string): void {
		for (const document of [...this.#resident.values()])
			if (document.name.project === project) document.evict();
		this.#headsOfOthers.clear();
	}

	/** Waits for the disk and for what is done beside the main thread, then drops everything. */
	async close(): Promise<void> {
		this.#isClosing = true;
		await Promise.all([...this.#resident.values()].map((document) => document.whenSettled()));
		await this.#aside.close();
		await this.#readAside.close();
		await this.#compactor.close();
		for (const document of [...this.#resident.values()]) document.evict();
	}

	async #load(path: string, name: DocumentName): Promise<OpenDocument> {
		this.#headsOfOthers.delete(path);
		try {
			const { log, loaded } = this.#options;
			const { stored, yjs } = await this.#loading.run(async () => {
				const found = await log.open(path);
				const aside = { readAside: this.#readAside, turns: this.#turns };
				return { stored: found, yjs: await readStored(path, found.stored, aside) };
			});
			const document = new OpenDocument({ path, name, log: stored, yjs, ...this.#surroundings() });
			this.#resident.set(path, document);
			loaded(document);
			return document;
		} catch (error) {
			this.#opened.delete(path);
			throw error;
		}
	}

	/** What every document is given. */
	#surroundings() {
		const { projector, counters, logger, now, limits } = this.#options;
		return {
			aside: this.#aside,
			readAside: this.#readAside,
			turns: this.#turns,
			headMs: limits?.headMs ?? headMs,
			counters,
			logger,
			now,
			leastWriters: this.#options.leastWriters ?? leastWriters,
			committed: (document, change) => {
				if (isProjected(document.name.part)) projector.committed(document.path, change);
				this.#compactor.consider(document);
				if (document.isIdle) this.#retire(document);
			},
			failed: ({ name, path }) => {
				if (isProjected(name.part)) projector.readAgain(path);
			},
			closed: (document) => {
				this.#opened.delete(document.path);
				this.#resident.delete(document.path);
				this.#idle.delete(document);
			},
		} satisfies Partial<ConstructorParameters<typeof OpenDocument>[0]>;
	}

	/** Keeps a document that nobody has open for a while, and drops the longest unused beyond the limits. */
	#retire(document: OpenDocument): void {
		this.#idle.delete(document);
		this.#idle.add(document);
		const { projector, limits } = this.#options;
		if (isProjected(document.name.part)) void projector.release(document.path);
		const limit = limits?.idleBytes ?? idleBytes;
		let bytes = 0;
		for (const one of this.#idle) bytes += one.residentBytes;
		for (const one of this.#idle) {
			if (bytes <= limit && this.#idle.size <= idleDocuments) return;
			bytes -= one.residentBytes;
			if (one.cursor) this.#headsOfOthers.set(one.path, one.cursor);
			one.evict();
		}
	}
}
