import { GroupCommit, type Appender } from '../group-commit.ts';
import { nothingCompacted, UnreadableDocument, type UpdateLog } from '../update-log.ts';
import { Compaction } from './compaction.ts';
import type { LogFile } from './log-file.ts';
import type { LogThreadData } from './log-thread.ts';
import { ThreadCaller, ThreadError } from '../thread-caller.ts';

/**
 * The update log in an SQLite file of its own. One thread owns it, so that an import into the tables
 * never delays an acknowledgement; another computes compactions, so that neither does a long document.
 * `program` is that thread's; tests put a disk that fails below it.
 */
export async function openSqliteLog(
	data: LogThreadData,
	program = new URL('./log-thread.ts', import.meta.url),
): Promise<UpdateLog> {
	const writer = await ThreadCaller.start<LogFile>(program, data);
	const compaction = new Compaction();
	const appenders = new Set<WeakRef<Appender>>();
	const commits = new GroupCommit((batch) =>
		writer.call(
			'append',
			batch.map(({ appender, update }) => ({ document: appender.document, update })),
		),
	);

	return {
		async open(document) {
			const read = () => writer.call('read', document).catch(unreadable(document));
			const stored = await read();
			const appender: Appender = { document, hasFailed: false };
			remember(appenders, appender);
			return {
				stored,
				append: (update) => commits.append(appender, update),
				read,
				cursor: () => writer.call('cursor', document),
			};
		},
		cursor: (document) => writer.call('cursor', document),
		since: (document, cursor) => writer.call('since', document, cursor).catch(unreadable(document)),
		sinceEach: (questions, limitBytes) => writer.call('sinceEach', questions, limitBytes),
		changed: (among, after, limit) => writer.call('changed', among, after, limit),
		lastChange: (among) => writer.call('lastChange', among),
		documents: () => writer.call('documents'),
		async compact(document, upTo) {
			const read = await writer.call('read', document, upTo);
			const last = read.updates.at(-1);
			if (!last) return nothingCompacted;
			const { data: made, snapshotBytes } = await compaction.compact(document, read);
			const bytes = read.updates.reduce((sum, update) => sum + update.data.length, 0);
			const fold = { upTo: last.seq, at: last.at, rows: read.updates.length, bytes, data: made };
			const { snapshotSeq } = read;
			if (!(await writer.call('fold', document, { snapshotSeq, ...fold }))) return nothingCompacted;
			return { foldedRows: fold.rows, foldedBytes: bytes, snapshotBytes };
		},
		quarantine: (update) => writer.call('quarantine', { ...update, data: update.data.slice() }),
		quarantined: (document) => writer.call('quarantined', document),
		async remove(prefix) {
			for (const appender of appenders)
				if (appender.deref()?.document.startsWith(prefix)) appender.deref()!.hasFailed = true;
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
		throw cause instanceof ThreadError && cause.isUnreadable
			? new UnreadableDocument(document, 'its bytes on disk are damaged', { cause })
			: cause;
	};
}

/** Keeps sight of who may append without keeping them alive. */
function remember(appenders: Set<WeakRef<Appender>>, appender: Appender): void {
	for (const known of appenders) if (!known.deref()) appenders.delete(known);
	appenders.add(new WeakRef(appender));
}
