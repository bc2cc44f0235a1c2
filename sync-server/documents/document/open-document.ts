import { crc32 } from 'node:zlib';
import type { Logger } from 'pino';
import * as Y from 'yjs';
import type { Cursor } from '#shared/wire/cursor.ts';
import type { DocumentName } from '#shared/wire/document-name.ts';
import type { LeastWriters } from '#shared/wire/document-version.ts';
import { packUpdates } from '#shared/wire/pack-updates.ts';
import type { StoredState } from '../../log/compact-document.ts';
import type { Compacted, OpenedDocument } from '../../log/update-log.ts';
import type { Counters } from '../counters.ts';
import type { GateAside } from '../gate/gate-aside.ts';
import { presentIn, type GateVerdict } from '../gate/inspect-update.ts';
import { limits } from '../gate/limits.ts';
import { Changes, type Change } from './changes.ts';
import { Differences } from './differences.ts';
import { DocumentSize } from './document-size.ts';
import { Head } from './head.ts';
import { LargeWrites, type LargeWritesHost } from './large-writes.ts';
import { InFlight, type AppliedUpdate, type DurableUpdate } from './in-flight.ts';
import { Owners } from './owners.ts';
import type { Writer, WriteVerdict } from './writer.ts';
import { Frame } from '../connection/frame.ts';
import { Presence, type Present } from '../connection/presence.ts';
import type { Committed } from '../projector.ts';
import type { ReadAside } from './read-aside.ts';
import type { Difference } from './read-thread.ts';
import type { Turns } from '../turns.ts';

type Passed = Extract<GateVerdict, { kind: 'ok' }>;

/** Who hears of a document: a connection. */
export interface Listener extends Present {
	/** A durable change; `before` is the state vector of a client that has everything but this. */
	sendUpdate(frame: Frame, before: () => Uint8Array): void;
	/** How far the document is on disk; what it says was sent before. */
	sendHead(frame: Frame): void;
	/** The document is gone from memory: what the disk refused is not served (S2). */
	documentFailed(): void;
}

export interface OpenDocumentOptions {
	readonly path: string;
	readonly name: DocumentName;
	readonly log: OpenedDocument;
	/** What the log has stored, in memory. */
	readonly yjs: Y.Doc;
	/** Judges what is too large for the main thread. */
	readonly aside: GateAside;
	/** Tells of a large document what somebody lacks. */
	readonly readAside: ReadAside;
	/** When the next piece of a large update may be applied. */
	readonly turns: Turns;
	/** So long after a change, everybody hears how far the document is. */
	readonly headMs: number;
	readonly counters: Counters;
	readonly logger: Logger;
	readonly now: () => number;
	readonly leastWriters: LeastWriters;
	readonly committed: (document: OpenDocument, change: Committed) => void;
	/** The disk refused something: what it has is not known before it is read again. */
	readonly failed: (document: OpenDocument) => void;
	/** Called once, when nothing may use it any more. */
	readonly closed: (document: OpenDocument) => void;
}

/**
 * One document in memory. Memory may be ahead of the disk, the wire never is: an update is applied, then
 * appended; after its commit it is sent to everyone, and only then is anything answered that relies on it (S1).
 */
export class OpenDocument {
	readonly path: string;
	readonly name: DocumentName;
	readonly presence: Presence;
	readonly listeners = new Set<Listener>();
	isBlind = false;
	/** What compaction goes by. */
	rows: number;
	bytes: number;
	snapshotBytes: number;
	readonly #options: OpenDocumentOptions;
	readonly #yjs: Y.Doc;
	readonly #owners: Owners;
	readonly #size: DocumentSize;
	readonly #differences: Differences;
	readonly #inFlight: InFlight;
	readonly #largeWrites: LargeWrites;
	readonly #changes: Changes;
	readonly #head: Head;
	/** Who uses it without listening. */
	#users = 0;
	#isClosed = false;

	constructor(options: OpenDocumentOptions) {
		const { stored } = options.log;
		this.#options = options;
		this.path = options.path;
		this.name = options.name;
		this.rows = stored.rows;
		this.bytes = stored.bytes;
		this.snapshotBytes = stored.snapshot?.length ?? 0;
		this.#head = new Head({
			start: { epoch: stored.epoch, seq: stored.head, check: stored.headCheck },
			read: options.log.cursor,
			tellAfterMs: options.headMs,
			tell: (frame) => {
				for (const listener of this.listeners) listener.sendHead(frame);
			},
			failed: (error) =>
				options.logger.warn({ document: this.path, err: error }, 'a log did not say its epoch'),
		});
		this.#owners = new Owners(stored.owners);
		this.#yjs = options.yjs;
		this.#size = new DocumentSize(options.yjs, this.bytes + this.snapshotBytes);
		this.#differences = new Differences(options.yjs, stored);
		this.#inFlight = new InFlight((done) => this.#committed(done));
		this.#changes = new Changes({
			...options,
			owners: this.#owners,
			size: this.#size,
			leastWriter: stored.leastWriter,
			made: (change) => this.#append(change),
			failed: (error) => this.#fail(error),
		});
		this.#largeWrites = this.#newLargeWrites();
		this.presence = new Presence({
			isBlind: () => this.isBlind,
			ownerOf: (client) => this.owners.get(client),
			everyone: this.listeners,
		});
	}

	/** Who owns which Yjs client id (S6). */
	get owners(): ReadonlyMap<number, string> {
		return this.#owners.byClient;
	}

	get isClosed(): boolean {
		return this.#isClosed;
	}

	/** Nobody listens or uses it, and nothing waits for the disk. */
	get isIdle(): boolean {
		return this.listeners.size === 0 && this.#users === 0 && this.#inFlight.isEmpty;
	}

	/** Keeps it in memory for somebody who does not listen, until what comes back is called. */
	hold(): () => void {
		this.#users++;
		return () => void this.#users--;
	}

	/** Roughly what it takes in memory. */
	get residentBytes(): number {
		return this.#size.residentBytes;
	}

	get head(): number {
		return this.#head.seq;
	}

	/** How far it is on disk; undefined where the log has not said yet what it is called. */
	get cursor(): Cursor | undefined {
		return this.#head.cursor;
	}

	stateVector(): Uint8Array {
		return Y.encodeStateVector(this.#yjs);
	}

	/** So much that the main thread should not go through all of it at once. */
	get isLarge(): boolean {
		return this.#size.isLarge;
	}

	/** What a client with this state vector lacks. Hold it back with `afterCommits`: it may be ahead of the disk. Throws on bytes that are none. */
	difference(stateVector: Uint8Array): Uint8Array {
		return this.#differences.from(stateVector);
	}

	/**
	 * The same of a large document, computed beside the main thread from what is on disk: the first part of
	 * it. What was sent to everyone since this was called may be in it or not.
	 */
	differenceAside(stateVector: Uint8Array): Promise<Difference> {
		const { log, readAside } = this.#options;
		return readAside.difference(this.path, log.read, stateVector);
	}

	/**
	 * How far it is with everything that was taken so far, once that is on disk; undefined where the disk refuses.
	 * Who is sent a difference that was made in the same turn has everything up to there.
	 */
	async cursorOnDisk(): Promise<Cursor | undefined> {
		if (this.#isClosed) return undefined;
		// Others may write meanwhile: that does not count.
		const { seq, check } = this.#head;
		if (this.#inFlight.isEmpty) return { epoch: await this.#head.epoch(), seq, check };
		const last = await this.#inFlight.lastOnDisk();
		return last && { epoch: await this.#head.epoch(), seq: last.seq, check: crc32(last.data) };
	}

	/**
	 * Takes an update from a user: judged, applied and on its way to the disk, or not at all. What is large is
	 * judged aside: then this is a promise, and nothing of the same sender may overtake it. Rejects with GateBusy.
	 */
	write(update: Uint8Array, from: Writer): WriteVerdict | Promise<WriteVerdict> {
		if (update.length > limits.mainThreadBytes || this.#size.mayBeFull(update.length))
			return this.#largeWrites.write(update, from);
		const verdict = this.#changes.judge(update, from);
		return verdict.kind === 'copy'
			? this.#largeWrites.write(update, from)
			: this.#changes.take(update, from, verdict);
	}

	/** Takes small updates that came from a user in one go as one change, or the first of them (Changes.takeTogether). */
	writeTogether(updates: readonly Uint8Array[], from: Writer): WriteVerdict[] {
		return this.#changes.takeTogether(updates, from);
	}

	#newLargeWrites(): LargeWrites {
		const host: LargeWritesHost = {
			isClosed: () => this.#isClosed,
			job: (update, { user, ownClients }) => {
				this.#options.counters.judgedAside++;
				return {
					update: update.slice(),
					readState: () => this.#stored(),
					part: this.name.part,
					user,
					owners: this.owners,
					ownClients,
					isMeasured: this.#size.mayBeFull(update.length),
				};
			},
			measured: (bytes) => this.#size.measured(bytes),
			stillHolds: (verdict, user) => this.#stillHolds(verdict, user),
			entriesNow: (entries) =>
				entries.map(({ root, key }) => ({ root, key, present: presentIn(this.#yjs, root, key) })),
			take: (piece, from, verdict) => this.#changes.take(piece, from, verdict),
		};
		return new LargeWrites(host, this.#options);
	}

	/** What is in memory now, and perhaps more: what is on disk by then, and what is on its way there. */
	async #stored(): Promise<StoredState> {
		const inFlight = this.#inFlight.updates.map(({ data }) => ({ data }));
		const { snapshot, updates } = await this.#options.log.read();
		return { snapshot, updates: [...updates, ...inFlight] };
	}

	#stillHolds(verdict: Passed, user: string): boolean {
		return (
			this.#owners.mayClaim(verdict, user) &&
			verdict.entries.every(({ root, key, present }) => {
				const now = presentIn(this.#yjs, root, key);
				return now?.client === present?.client && now?.clock === present?.clock;
			})
		);
	}

	#append({ clocks, entries, ...change }: Change): void {
		const at = this.#options.now();
		const isOnDisk = this.#inFlight.add({ data: change.data, at, entries, clocks });
		this.#size.grew(change.data.length);
		this.#options.log
			.append({ ...change, at })
			.then(isOnDisk, (error: unknown) => this.#fail(error as Error));
	}

	/** Everybody is told first, then runs what waited for it; the tables come last. */
	#committed(done: readonly DurableUpdate[]): void {
		const last = done.at(-1)!;
		this.#head.moveTo(last.seq, last.data);
		this.rows += done.length;
		for (const { data } of done) this.bytes += data.length;
		this.#options.counters.committed += done.length;
		this.#broadcast(done);
		this.#inFlight.runWaiting();
		const entries = done.flatMap(({ entries: written, at }) =>
			written.map((entry) => ({ ...entry, receivedAt: new Date(at).toISOString() })),
		);
		this.#options.committed(this, { from: done[0]!.seq, upTo: last.seq, entries });
	}

	#broadcast(done: readonly AppliedUpdate[]): void {
		if (this.listeners.size === 0) return;
		const frames = packUpdates(done.map(({ data }) => data)).map(
			(update) => new Frame({ kind: 'update', update }),
		);
		let before: Uint8Array | undefined;
		const stateBefore = (): Uint8Array =>
			(before ??= this.#stateVectorBefore([...done, ...this.#inFlight.updates]));
		for (const listener of this.listeners)
			for (const frame of frames) listener.sendUpdate(frame, stateBefore);
	}

	#stateVectorBefore(later: readonly AppliedUpdate[]): Uint8Array {
		const now = Y.decodeStateVector(this.stateVector());
		for (const { clocks } of later)
			for (const [client, clock] of clocks) now.set(client, Math.min(clock, now.get(client) ?? 0));
		return Y.encodeStateVector(now);
	}

	/** Calls back when the next commit is about to begin: what is written then is in it. It must not throw. */
	beforeCommit(prepare: () => void): void {
		this.#options.log.beforeCommit(prepare);
	}

	/** Runs once everything taken so far is on disk; at once when it is; never when it fails, or was dropped. */
	afterCommits(run: () => void): void {
		this.#inFlight.afterAll(run);
	}

	/** Resolves when nothing waits for the disk, whether it took it or not. */
	whenSettled(): Promise<void> {
		return this.#inFlight.whenSettled();
	}

	compacted({ foldedRows, foldedBytes, snapshotBytes }: Compacted): void {
		if (foldedRows === 0) return;
		this.rows -= foldedRows;
		this.bytes -= foldedBytes;
		this.snapshotBytes = snapshotBytes;
	}

	/** Lets go of it: nobody listens and everything is on disk. */
	evict(): void {
		this.#close();
	}

	#fail(error: Error): void {
		if (this.#isClosed) return;
		this.#options.logger.error({ document: this.path, err: error }, 'document dropped from memory');
		this.#close();
		this.#options.failed(this);
		for (const listener of [...this.listeners]) listener.documentFailed();
	}

	#close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#inFlight.close();
		this.presence.stop();
		this.#head.stop();
		this.#yjs.destroy();
		this.#options.closed(this);
	}
}
