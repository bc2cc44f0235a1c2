import { GroupCommit, type Appender } from '../group-commit.ts';
import {
	defaultHistoryMs,
	nothingCompacted,
	unreadableCode,
	UnreadableDocument,
	type UpdateLog,
} from '../update-log.ts';
import { commandErrorOf } from '../../threads/command-failure.ts';
import { IdleThread } from '../../threads/idle-thread.ts';
import type { CompactionMethods } from './compaction-thread.ts';
import type { ToExpire } from './history-rows.ts';
import type { LogFile } from './log-file.ts';
import type { LogThreadData } from './log-thread.ts';
import { ThreadCaller, ThreadError } from '../../threads/thread-caller.ts';

/** For two copies of a document, which is at most 16 MB, and what is kept of its past. */
const compactionMegabytes = 1536;

/**
 * The update log in an SQLite file of its own. One thread owns it, so that an import into the tables
 * never delays an acknowledgement; another computes compactions, so that neither does a long document.
 * `program` is that thread's; tests put a disk that fails below it.
 */
export async function openSqliteLog(
	{
		historyMs = defaultHistoryMs,
		onLost,
		...data
	}: LogThreadData & {
		/** How long folded updates are kept; 0: not at all. */
		readonly historyMs?: number | undefined;
		/** The log's thread died; every call rejects from then on. */
		readonly onLost?: (error: Error) => void;
	},
	program = new URL('./log-thread.ts', import.meta.url),
): Promise<UpdateLog> {
	const keepsHistory = historyMs > 0;
	const writer = await ThreadCaller.start<LogFile>(program, {
		workerData: data,
		onLost,
		errorOf: commandErrorOf,
	});
	const compaction = new IdleThread<CompactionMethods>(
		new URL('./compaction-thread.ts', import.meta.url),
		{ heapMegabytes: compactionMegabytes },
	);
	const appenders = new Appenders();
	const commits = new GroupCommit((batch) =>
		writer.call(
			'append',
			batch.map(({ appender, update }) => ({ document: appender.document, update })),
		),
	);

	async function expire(document: string, before: number): Promise<boolean> {
		const found = await writer.call('expire', document, before).catch(unreadable(document));
		if (found === undefined || found === 'done') return found === 'done';
		const { base, baseSeq: fromSeq, pieces } = found;
		const data = await compaction.ask((thread) => thread.give('moveBase', document, base, pieces));
		const { upTo, at } = pieces.at(-1)!;
		return writer.give('moveBase', document, { fromSeq, upTo, at, data });
	}

	return {
		async open(document) {
			const read = () => writer.callSoon('read', document).catch(unreadable(document));
			const stored = await read();
			const appender: Appender = { document, hasFailed: false };
			appenders.add(appender);
			return {
				stored,
				append: (update) => commits.append(appender, update),
				beforeCommit: (prepare) => commits.beforeNext(prepare),
				read,
				cursor: () => writer.call('cursor', document),
			};
		},
		cursor: (document) => writer.call('cursor', document),
		since: (document, cursor) =>
			writer.callSoon('since', document, cursor).catch(unreadable(document)),
		sinceEach: (questions, limitBytes) => writer.call('sinceEach', questions, limitBytes),
		changed: (among, after, limit) => writer.call('changed', among, after, limit),
		lastChange: (among) => writer.call('lastChange', among),
		documents: () => writer.call('documents'),
		async compact(document, upTo) {
			const read = await writer.call('read', document, upTo);
			const last = read.updates.at(-1);
			if (!last) return nothingCompacted;
			const { snapshot, snapshotSeq, updates } = read;
			const bytes = updates.reduce((sum, update) => sum + update.data.length, 0);
			const { snapshotBytes, ...made } = await compaction.ask((thread) =>
				thread.give('fold', document, { snapshot, updates, keepsHistory }),
			);
			const fold = {
				...made,
				snapshotSeq,
				upTo: last.seq,
				at: last.at,
				rows: updates.length,
				bytes,
			};
			if (!(await writer.give('fold', document, fold))) return nothingCompacted;
			return { foldedRows: fold.rows, foldedBytes: bytes, snapshotBytes };
		},
		history: (document) => writer.call('history', document).catch(unreadable(document)),
		async expireHistory(now) {
			const before = keepsHistory ? now - historyMs : Infinity;
			const failures: Error[] = [];
			let documents = 0;
			for (let after: number | undefined = 0; after !== undefined;) {
				const next: ToExpire = await writer.call('toExpire', after, before);
				for (const document of next.due)
					try {
						if (await expire(document, before)) documents++;
					} catch (error) {
						failures.push(error as Error);
					}
				after = next.lookedAt;
			}
			return { documents, failures };
		},
		quarantine: (update) => writer.call('quarantine', { ...update, data: update.data.slice() }),
		quarantined: (document) => writer.call('quarantined', document),
		tryDisk: () => writer.callSoon('tryDisk'),
		async remove(prefix) {
			for (const appender of appenders.alive())
				if (appender.document.startsWith(prefix)) appender.hasFailed = true;
			await commits.whenIdle();
			await writer.call('remove', prefix);
		},
		async close() {
			await commits.whenIdle();
			await compaction.close();
			await writer.close();
		},
	};
}

/** Throws what a thread said of a damaged document as what it is. */
function unreadable(document: string): (cause: unknown) => never {
	return (cause) => {
		throw cause instanceof ThreadError && cause.code === unreadableCode
			? new UnreadableDocument(document, 'its bytes on disk are damaged', { cause })
			: cause;
	};
}

/** Keeps sight of who may append without keeping them alive. */
class Appenders {
	readonly #known = new Set<WeakRef<Appender>>();
	/** So many, and those that are gone are looked for: half of them may be. */
	#limit = 64;

	add(appender: Appender): void {
		this.#known.add(new WeakRef(appender));
		if (this.#known.size < this.#limit) return;
		for (const known of this.#known) if (!known.deref()) this.#known.delete(known);
		this.#limit = Math.max(64, 2 * this.#known.size);
	}

	*alive(): Iterable<Appender> {
		for (const known of this.#known) {
			const appender = known.deref();
			if (appender) yield appender;
		}
	}
}
