import { crc32 } from 'node:zlib';
import type { Logger } from 'pino';
import * as Y from 'yjs';
import { isRecovered, recoveredThrough } from '#shared/corpus/recovered.ts';
import type { Cursor } from '#shared/wire/cursor.ts';
import type { DocumentName } from '#shared/wire/document-name.ts';
import { leastWriterBeside, type LeastWriters } from '#shared/wire/document-version.ts';
import { writeMessage } from '#shared/wire/messages.ts';
import { packUpdates } from '#shared/wire/pack-updates.ts';
import { hasPending, type StoredState } from '../../log/compact-document.ts';
import type { Compacted, OpenedDocument } from '../../log/update-log.ts';
import type { Counters } from '../counters.ts';
import { observeEntries, type FreshEntry } from './entries.ts';
import type { GateAside } from '../gate/gate-aside.ts';
import type { AsideVerdict } from '../gate/gate-thread.ts';
import {
	inspectUpdate,
	presentIn,
	type GateVerdict,
	type JudgedEntry,
} from '../gate/inspect-update.ts';
import { limits } from '../gate/limits.ts';
import { Head } from './head.ts';
import { Presence, type Present } from '../connection/presence.ts';
import type { Committed } from '../projector.ts';
import type { ReadAside } from './read-aside.ts';
import type { Difference } from './read-thread.ts';
import type { Turns } from '../turns.ts';

/** Who hears of a document: a connection. */
export interface Listener extends Present {
	/** A durable change; `before` is the state vector of a client that has everything but this. */
	sendUpdate(frame: Uint8Array, before: () => Uint8Array): void;
	/** How far the document is on disk; what it says was sent before. */
	sendHead(frame: Uint8Array): void;
	/** The document is gone from memory: what the disk refused is not served (S2). */
	documentFailed(): void;
}

/** Who writes, and whether they may by the time it is applied. */
export interface Writer {
	readonly user: string;
	/** Of what their client writes (shared/wire/document-version.ts). */
	readonly version: number;
	/** Set where it brings back what the server lost (S16): the client ids that are the sender's own. */
	readonly ownClients?: ReadonlySet<number>;
	readonly mayWrite: () => boolean;
}

/** What became of a write. */
export type WriteVerdict =
	| Exclude<GateVerdict, { kind: 'copy' }>
	/** The client is too old for this document: it keeps what it sent, and brings it once it is updated (S12). */
	| { readonly kind: 'outdated' };

/** So often is a verdict asked for again when others changed what it hung on. */
const triesAside = 3;

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

interface InFlight {
	readonly data: Uint8Array;
	readonly at: number;
	readonly entries: readonly FreshEntry[];
	/** Where the clocks stood that it moved. */
	readonly clocks: ReadonlyMap<number, number>;
	/** Set when it is on disk. */
	seq?: number;
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
	readonly #owners: Map<number, string>;
	/** The least version of a client that may write. */
	#leastWriter: number;
	readonly #head: Head;
	#inFlight: InFlight[] = [];
	#actions: { after: number; run: () => void; drop?: () => void }[] = [];
	/** Who uses it without listening. */
	#users = 0;
	#settled: (() => void)[] = [];
	/** Updates appended and updates on disk since it was opened. */
	#appended = 0;
	#durable = 0;
	#isSettling = false;
	#isClosed = false;
	/** The last difference, for the next who lacks the same; until something changes, or memory is needed. */
	#answered: { stateVector: Uint8Array; update: WeakRef<Uint8Array> } | undefined;
	#effect: Pick<InFlight, 'data' | 'clocks'> | undefined;
	#written: FreshEntry[] = [];
	#encodedBytes: number;

	constructor(options: OpenDocumentOptions) {
		const { stored } = options.log;
		this.#options = options;
		this.path = options.path;
		this.name = options.name;
		this.rows = stored.rows;
		this.bytes = stored.bytes;
		this.snapshotBytes = stored.snapshot?.length ?? 0;
		this.#encodedBytes = this.bytes + this.snapshotBytes;
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
		this.#owners = new Map(stored.owners);
		this.#leastWriter = stored.leastWriter;
		this.#yjs = options.yjs;
		this.#yjs.on('update', (data: Uint8Array, _origin, _document, { beforeState, afterState }) => {
			const moved = [...afterState.keys()].filter(
				(client) => afterState.get(client) !== beforeState.get(client),
			);
			const clocks = new Map(moved.map((client) => [client, beforeState.get(client) ?? 0]));
			this.#effect = { data, clocks };
			this.#answered = undefined;
		});
		const [only, ...more] = stored.updates;
		// It is the whole document: whoever has nothing lacks exactly this.
		if (only && more.length === 0 && !stored.snapshot)
			this.#answered = { stateVector: Uint8Array.of(0), update: new WeakRef(only.data) };
		observeEntries(this.#yjs, this.name.part, this.#owners, (entry) => this.#written.push(entry));
		this.presence = new Presence({
			isBlind: () => this.isBlind,
			ownerOf: (client) => this.#owners.get(client),
			everyone: this.listeners,
		});
	}

	/** Who owns which Yjs client id (S6). */
	get owners(): ReadonlyMap<number, string> {
		return this.#owners;
	}

	get isClosed(): boolean {
		return this.#isClosed;
	}

	/** Nobody listens or uses it, and nothing waits for the disk. */
	get isIdle(): boolean {
		return this.listeners.size === 0 && this.#users === 0 && this.#inFlight.length === 0;
	}

	/** Keeps it in memory for somebody who does not listen, until what comes back is called. */
	hold(): () => void {
		this.#users++;
		return () => void this.#users--;
	}

	/** Roughly what it takes in memory: what even an empty one takes, its structs, and what they say (measured: tests/bench/RESULTS.md). */
	get residentBytes(): number {
		return 20_000 + 250 * this.#structs + 5 * this.#encodedBytes;
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
		return (
			this.#encodedBytes > limits.mainThreadDocumentBytes ||
			this.#structs > limits.mainThreadStructs
		);
	}

	get #structs(): number {
		let count = 0;
		for (const ofClient of this.#yjs.store.clients.values()) count += ofClient.length;
		return count;
	}

	/** What a client with this state vector lacks. Hold it back with `afterCommits`: it may be ahead of the disk. Throws on bytes that are none. */
	difference(stateVector: Uint8Array): Uint8Array {
		const known = this.#answered?.update.deref();
		if (known && Buffer.compare(this.#answered!.stateVector, stateVector) === 0) return known;
		const update = Y.encodeStateAsUpdate(this.#yjs, stateVector);
		this.#answered = { stateVector: stateVector.slice(), update: new WeakRef(update) };
		return update;
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
		// Others may write meanwhile: that is on disk by then, too, and does not count.
		const last = this.#inFlight.at(-1);
		const { seq, check } = this.#head;
		if (!(await this.#whenDurable())) return undefined;
		const place = last ? { seq: last.seq!, check: crc32(last.data) } : { seq, check };
		return { epoch: await this.#head.epoch(), ...place };
	}

	/**
	 * Takes an update from a user: judged, applied and on its way to the disk, or not at all. What is large is
	 * judged aside: then this is a promise, and nothing of the same sender may overtake it. Rejects with GateBusy.
	 */
	write(update: Uint8Array, from: Writer): WriteVerdict | Promise<WriteVerdict> {
		if (update.length > limits.mainThreadBytes || this.#mayBeFull(update.length))
			return this.#writeAside(update, from);
		const verdict = inspectUpdate(update, { ...this.#gateContext(from), mayCopy: false });
		return verdict.kind === 'copy'
			? this.#writeAside(update, from)
			: this.#take(update, from, verdict);
	}

	/** Others write meanwhile: a verdict that hung on what they changed is asked for again. */
	async #writeAside(update: Uint8Array, from: Writer): Promise<WriteVerdict> {
		const { aside, counters } = this.#options;
		for (let tries = 0; tries < triesAside && !this.#isClosed; tries++) {
			counters.judgedAside++;
			const verdict = await aside.inspect({
				update: update.slice(),
				readState: () => this.#stored(),
				part: this.name.part,
				user: from.user,
				owners: this.#owners,
				ownClients: from.ownClients,
				isMeasured: this.#mayBeFull(update.length),
			});
			if (verdict.kind === 'copy' || this.#isClosed) continue;
			if (verdict.kind !== 'ok') return this.#take(update, from, verdict);
			const taken = await this.#takeByPieces(verdict, from);
			if (taken) return taken;
		}
		return this.#take(update, from, { kind: 'resync' });
	}

	/** What is in memory now, and perhaps more: what is on disk by then, and what is on its way there. */
	async #stored(): Promise<StoredState> {
		const inFlight = this.#inFlight.map(({ data }) => ({ data }));
		const { snapshot, updates } = await this.#options.log.read();
		return { snapshot, updates: [...updates, ...inFlight] };
	}

	/**
	 * Applies what was judged, piece by piece, each one in a turn of its own; others write in between. Each
	 * piece is an update that holds by itself, and nothing is acknowledged before the last. Undefined where
	 * what the verdict hung on has changed: then the whole is judged again, with what was taken in it known.
	 */
	async #takeByPieces(
		verdict: Extract<AsideVerdict, { kind: 'ok' }>,
		from: Writer,
	): Promise<WriteVerdict | undefined> {
		if (verdict.documentBytes !== undefined) {
			if (verdict.documentBytes > limits.documentBytes) return { kind: 'refuse', refusal: 'limit' };
			this.#encodedBytes = verdict.documentBytes;
		}
		let holding = verdict;
		for (const [index, piece] of verdict.pieces.entries()) {
			if (index > 0) await this.#options.turns.next();
			if (this.#isClosed || !this.#stillHolds(holding, from.user)) return undefined;
			const taken = this.#take(piece, from, verdict);
			if (taken.kind !== 'ok') return taken;
			holding = { ...verdict, entries: this.#entriesNow(verdict) };
		}
		return verdict;
	}

	/** What a verdict hangs on once a part of what was judged is applied. */
	#entriesNow({ entries }: Extract<GateVerdict, { kind: 'ok' }>): readonly JudgedEntry[] {
		return entries.map(({ root, key }) => ({
			root,
			key,
			present: presentIn(this.#yjs, root, key),
		}));
	}

	#stillHolds(verdict: Extract<GateVerdict, { kind: 'ok' }>, user: string): boolean {
		const { claims, recovered, entries } = verdict;
		const ownerOf = (client: number): string | undefined => this.#owners.get(client);
		return (
			claims.every((client) => (ownerOf(client) ?? user) === user) &&
			recovered.every((client) => isRecovered(ownerOf(client) ?? recoveredThrough(user))) &&
			entries.every(({ root, key, present }) => {
				const now = presentIn(this.#yjs, root, key);
				return now?.client === present?.client && now?.clock === present?.clock;
			})
		);
	}

	#gateContext({ user, ownClients }: Writer) {
		const { part } = this.name;
		return { document: this.#yjs, part, user, owners: this.#owners, ownClients };
	}

	#take(update: Uint8Array, from: Writer, verdict: WriteVerdict): WriteVerdict {
		const { user, version, mayWrite } = from;
		// Whatever else is wrong with it may be because the client is old.
		if (verdict.kind !== 'known' && version < this.#leastWriter) return { kind: 'outdated' };
		if (verdict.kind !== 'ok') return verdict;
		if (!mayWrite()) return { kind: 'refuse', refusal: 'notAllowed' };
		for (const client of verdict.claims) this.#owners.set(client, user);
		for (const client of verdict.recovered)
			if (!this.#owners.has(client)) this.#owners.set(client, recoveredThrough(user));
		const needs = leastWriterBeside(version, this.#options.leastWriters);
		this.#leastWriter = Math.max(this.#leastWriter, needs);
		this.#effect = undefined;
		this.#written = [];
		Y.applyUpdate(this.#yjs, update);
		if (hasPending(this.#yjs)) {
			// The gate let through what Yjs could not place: a bug. The disk does not have it; start again from there.
			this.#fail(new Error(`${this.path}: an inspected update left something pending`));
			return { kind: 'refuse', refusal: 'malformed' };
		}
		if (this.#effect) this.#append(this.#effect, user, verdict);
		return verdict;
	}

	/** The sum counts what edits have replaced since; it is measured again before anybody is refused. */
	#mayBeFull(more: number): boolean {
		return this.#encodedBytes + more > limits.documentBytes;
	}

	#append(
		{ data, clocks }: Pick<InFlight, 'data' | 'clocks'>,
		user: string,
		{ client, claims, recovered }: Extract<GateVerdict, { kind: 'ok' }>,
	): void {
		const at = this.#options.now();
		const one: InFlight = { data, at, entries: this.#written, clocks };
		this.#inFlight.push(one);
		this.#appended++;
		this.#encodedBytes += data.length;
		const leastWriter = this.#leastWriter;
		const row = { user, client, at, data, claims, recovered, leastWriter };
		this.#options.log.append(row).then(
			(seq) => this.#committed(one, seq),
			(error: unknown) => this.#fail(error as Error),
		);
	}

	#committed(one: InFlight, seq: number): void {
		one.seq = seq;
		this.#durable++;
		if (this.#isSettling) return;
		this.#isSettling = true;
		// All appends of one commit resolve before this runs: they are sent as one.
		queueMicrotask(() => this.#settle());
	}

	#settle(): void {
		this.#isSettling = false;
		if (this.#isClosed) return;
		const ready = this.#inFlight.findIndex(({ seq }) => seq === undefined);
		const done = this.#inFlight.splice(0, ready === -1 ? this.#inFlight.length : ready);
		if (done.length === 0) return;
		const from = done[0]!.seq!;
		const last = done.at(-1)!;
		this.#head.moveTo(last.seq!, last.data);
		this.rows += done.length;
		for (const { data } of done) this.bytes += data.length;
		this.#options.counters.committed += done.length;
		this.#broadcast(done);
		this.#runActions();
		const entries = done.flatMap(({ entries: written, at }) =>
			written.map((entry) => ({ ...entry, receivedAt: new Date(at).toISOString() })),
		);
		this.#options.committed(this, { from, upTo: last.seq!, entries });
		if (this.#inFlight.length === 0) for (const resolve of this.#settled.splice(0)) resolve();
	}

	#broadcast(done: readonly InFlight[]): void {
		if (this.listeners.size === 0) return;
		const frames = packUpdates(done.map(({ data }) => data)).map((update) =>
			writeMessage({ kind: 'update', update }),
		);
		let before: Uint8Array | undefined;
		const stateBefore = (): Uint8Array =>
			(before ??= this.#stateVectorBefore([...done, ...this.#inFlight]));
		for (const listener of this.listeners)
			for (const frame of frames) listener.sendUpdate(frame, stateBefore);
	}

	#stateVectorBefore(later: readonly InFlight[]): Uint8Array {
		const now = Y.decodeStateVector(this.stateVector());
		for (const { clocks } of later)
			for (const [client, clock] of clocks) now.set(client, Math.min(clock, now.get(client) ?? 0));
		return Y.encodeStateVector(now);
	}

	/** Runs once everything taken so far is on disk; at once when it is; never when it fails, or was dropped. */
	afterCommits(run: () => void): void {
		if (this.#isClosed) return;
		if (this.#inFlight.length === 0) run();
		else this.#actions.push({ after: this.#appended, run });
	}

	/** Resolves with true once everything taken so far is on disk, with false when it will not be. */
	#whenDurable(): Promise<boolean> {
		if (this.#inFlight.length === 0) return Promise.resolve(!this.#isClosed);
		return new Promise((resolve) => {
			const [run, drop] = [true, false].map((isDurable) => () => resolve(isDurable));
			this.#actions.push({ after: this.#appended, run: run!, drop: drop! });
		});
	}

	#runActions(): void {
		while (this.#actions.length > 0 && this.#actions[0]!.after <= this.#durable)
			this.#actions.shift()!.run();
	}

	/** Resolves when nothing waits for the disk, whether it took it or not. */
	whenSettled(): Promise<void> {
		if (this.#inFlight.length === 0) return Promise.resolve();
		return new Promise((resolve) => this.#settled.push(resolve));
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
		for (const { drop } of this.#actions.splice(0)) drop?.();
		this.#inFlight = [];
		for (const resolve of this.#settled.splice(0)) resolve();
		this.presence.stop();
		this.#head.stop();
		this.#yjs.destroy();
		this.#options.closed(this);
	}
}
