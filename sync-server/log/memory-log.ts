import { crc32 } from 'node:zlib';
import { isSameCursor, noCursor, type Cursor } from '#shared/wire/cursor.ts';
import { answerWithin } from './answer-within.ts';
import { foldDocument } from './fold-document.ts';
import { GroupCommit, type Appender, type PendingAppend } from './group-commit.ts';
import { MemoryPast } from './memory-past.ts';
import type { StoredUpdate } from './stored-update.ts';
import {
	claimsOf,
	defaultHistoryMs,
	nothingCompacted,
	quarantineLimits,
	UnreadableDocument,
	type QuarantinedUpdate,
	type StoredDocument,
	type UpdateLog,
	type UpdatesSince,
} from './update-log.ts';
import { wholeDocument } from './whole-document.ts';

interface MemoryDocument {
	epoch: number;
	head: number;
	snapshotSeq: number;
	snapshotAt: number;
	snapshot?: Uint8Array;
	updates: (StoredUpdate & { readonly crc: number })[];
	headCheck: number;
	/** Number of its last change. */
	changed: number;
	leastWriter: number;
	readonly owners: Map<number, string>;
	readonly past: MemoryPast;
}

/** What a memory log writes to: it outlives the log, as a file does, and can stall or refuse like a disk. */
export class MemoryDisk {
	readonly documents = new Map<string, MemoryDocument>();
	readonly quarantined: QuarantinedUpdate[] = [];
	/** Number of the newest change of all. */
	newestChange = 0;
	/** Commits wait for this; replace it to hold them back. */
	ready: Promise<void> = Promise.resolve();
	/** Set: the next commit fails with it, as a full disk would make it. */
	failure: Error | undefined;
	/** Asked before each commit: a fault lets it fail, before or after its bytes are there. */
	fault: () => { readonly error: Error; readonly keeps: boolean } | undefined = () => undefined;
	/** A commit failed, and none worked since. */
	isDoubtful = false;
}

/** The update log in memory: the same promises as on disk, for tests and for nothing else. */
export function openMemoryLog(
	disk: MemoryDisk,
	{ historyMs = defaultHistoryMs }: { readonly historyMs?: number } = {},
): UpdateLog {
	const keepsHistory = historyMs > 0;
	const appenders = new Set<Appender>();
	const commits = new GroupCommit(async (batch) => {
		await disk.ready;
		const failure = disk.failure;
		disk.failure = undefined;
		if (failure) throw failure;
		return commit(disk, () => batch.map((pending) => append(disk, pending)));
	});

	const log: UpdateLog = {
		async open(document) {
			await disk.ready;
			const stored = read(disk, document);
			const appender: Appender = { document, hasFailed: false };
			appenders.add(appender);
			return {
				stored,
				append: (update) => commits.append(appender, update),
				beforeCommit: (prepare) => commits.beforeNext(prepare),
				async read() {
					await disk.ready;
					return structuredClone(read(disk, document)); // who reads may hand the bytes on
				},
				cursor: () => log.cursor(document),
			};
		},
		async cursor(document) {
			await disk.ready;
			return cursorOf(disk, document);
		},
		async since(document, cursor) {
			await disk.ready;
			return since(disk, document, cursor);
		},
		async sinceEach(questions, limitBytes) {
			await disk.ready;
			return answerWithin(questions, limitBytes, (...asked) => since(disk, ...asked));
		},
		async changed(among, after, limit) {
			await disk.ready;
			return [...disk.documents]
				.filter(([name, { changed }]) => changed > after && beginsWith(name, among))
				.map(([name, { changed }]) => ({ name, cursor: cursorOf(disk, name), change: changed }))
				.sort((one, other) => one.change - other.change)
				.slice(0, limit);
		},
		async lastChange(among) {
			await disk.ready;
			return [...disk.documents].reduce(
				(last, [name, { changed }]) => (beginsWith(name, among) ? Math.max(last, changed) : last),
				0,
			);
		},
		documents: () =>
			Promise.resolve(
				[...disk.documents]
					.map(([name, { head }]) => ({ name, head }))
					.sort((one, other) => (one.name < other.name ? -1 : 1)),
			),
		async compact(name, upTo) {
			await disk.ready;
			const stored = read(disk, name, upTo);
			const last = stored.updates.at(-1);
			if (!last) return nothingCompacted;
			const document = disk.documents.get(name)!;
			const { snapshot, ...kept } = foldDocument(name, { ...stored, keepsHistory });
			commit(disk, () => {
				document.past.keep(kept, snapshotOf(document));
				document.snapshot = snapshot;
				document.snapshotSeq = last.seq;
				document.snapshotAt = last.at;
				document.updates = document.updates.filter(({ seq }) => seq > last.seq);
			});
			return {
				foldedRows: stored.updates.length,
				foldedBytes: stored.updates.reduce((sum, { data }) => sum + data.length, 0),
				snapshotBytes: snapshot.length,
			};
		},
		async history(name) {
			await disk.ready;
			const { owners, updates } = read(disk, name);
			const document = disk.documents.get(name);
			const past = document?.past ?? new MemoryPast();
			const snapshot = document ? snapshotOf(document) : { seq: 0, at: 0 };
			return { ...past.read(name, snapshot), updates, owners };
		},
		async expireHistory(now) {
			await disk.ready;
			const before = keepsHistory ? now - historyMs : Infinity;
			const failures: Error[] = [];
			let documents = 0;
			for (const [name, { past }] of disk.documents)
				try {
					if (past.expire(name, before, (work) => commit(disk, work))) documents++;
				} catch (error) {
					failures.push(error as Error);
				}
			return { documents, failures };
		},
		quarantine(update) {
			disk.quarantined.push({ ...update, data: update.data.slice(0, quarantineLimits.bytesEach) });
			const same = disk.quarantined.filter(
				({ document, user }) => document === update.document && user === update.user,
			);
			if (same.length > quarantineLimits.rows)
				disk.quarantined.splice(disk.quarantined.indexOf(same[0]!), 1);
			const all = disk.quarantined.filter(({ user }) => user === update.user);
			if (all.length > quarantineLimits.rowsOfUser)
				disk.quarantined.splice(disk.quarantined.indexOf(all[0]!), 1);
			return Promise.resolve();
		},
		quarantined: (document) =>
			Promise.resolve(disk.quarantined.filter((update) => update.document === document)),
		async tryDisk() {
			await disk.ready;
			if (disk.isDoubtful) commit(disk, () => undefined);
		},
		async remove(prefix) {
			for (const appender of appenders)
				if (appender.document.startsWith(prefix)) appender.hasFailed = true;
			await commits.whenIdle();
			for (const name of disk.documents.keys())
				if (name.startsWith(prefix)) disk.documents.delete(name);
		},
		close: () => commits.whenIdle(),
	};
	return log;
}

function commit<T>(disk: MemoryDisk, work: () => T): T {
	const fault = disk.fault();
	disk.isDoubtful = fault !== undefined;
	if (fault && !fault.keeps) throw fault.error;
	const result = work();
	if (fault) throw fault.error;
	return result;
}

function append(disk: MemoryDisk, { appender, update }: PendingAppend): number {
	const document = disk.documents.get(appender.document) ?? {
		epoch: Math.floor(Math.random() * 2 ** 48),
		head: 0,
		snapshotSeq: 0,
		snapshotAt: 0,
		updates: [],
		headCheck: 0,
		changed: 0,
		leastWriter: 0,
		owners: new Map<number, string>(),
		past: new MemoryPast(),
	};
	disk.documents.set(appender.document, document);
	const { user, client, at, data, leastWriter = 0 } = update;
	document.leastWriter = Math.max(document.leastWriter, leastWriter);
	document.headCheck = crc32(data);
	document.changed = ++disk.newestChange;
	document.updates.push({ user, client, at, data, seq: ++document.head, crc: document.headCheck });
	for (const [id, owner] of claimsOf(update))
		if (!document.owners.has(id)) document.owners.set(id, owner);
	return document.head;
}

function snapshotOf({ snapshotSeq: seq, snapshotAt: at, snapshot: data }: MemoryDocument) {
	return { seq, at, ...(data && { data }) };
}

function cursorOf(disk: MemoryDisk, name: string): Cursor {
	const { epoch = 0, head = 0, headCheck = 0 } = disk.documents.get(name) ?? {};
	return { epoch, seq: head, check: headCheck };
}

function since(disk: MemoryDisk, name: string, cursor: Cursor): UpdatesSince | undefined {
	if (isSameCursor(cursor, noCursor)) return wholeDocument(read(disk, name));
	const now = cursorOf(disk, name);
	if (isSameCursor(cursor, now)) return { updates: [], cursor: now };
	const found = disk.documents.get(name);
	const at = found?.updates.findIndex(({ seq }) => seq === cursor.seq) ?? -1;
	if (found?.epoch !== cursor.epoch || found.updates[at]?.crc !== cursor.check) return undefined;
	return { updates: found.updates.slice(at + 1).map((one) => soundData(name, one)), cursor: now };
}

function beginsWith(name: string, among: readonly string[]): boolean {
	return among.some((prefix) => name.startsWith(prefix));
}

function soundData(
	name: string,
	{ seq, data, crc }: { seq: number; data: Uint8Array; crc: number },
): Uint8Array {
	if (crc32(data) !== crc) throw new UnreadableDocument(name, `update ${seq} is damaged`);
	return data;
}

function read(disk: MemoryDisk, name: string, upTo = Number.MAX_SAFE_INTEGER): StoredDocument {
	const document = disk.documents.get(name);
	const kept = document?.updates.filter(({ seq }) => seq <= upTo) ?? [];
	for (const update of kept) soundData(name, update);
	const bytes = (document?.updates ?? []).reduce((sum, { data }) => sum + data.length, 0);
	return {
		epoch: document?.epoch ?? 0,
		head: document?.head ?? 0,
		headCheck: document?.headCheck ?? 0,
		snapshotSeq: document?.snapshotSeq ?? 0,
		snapshotAt: document?.snapshotAt ?? 0,
		...(document?.snapshot && { snapshot: document.snapshot }),
		updates: kept,
		owners: new Map(document?.owners),
		leastWriter: document?.leastWriter ?? 0,
		rows: document?.updates.length ?? 0,
		bytes,
	};
}
