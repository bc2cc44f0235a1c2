import { GroupCommit, type Appender } from '../group-commit.ts';
import { UnreadableDocument, type UpdateLog } from '../update-log.ts';
import { LogCaller, LogThreadError } from './log-caller.ts';
import type { LogThreadData } from './log-thread.ts';

/**
 * The update log in an SQLite file of its own. One thread appends and reads, so that an import into the
 * tables never delays an acknowledgement; a second one compacts, so that neither does a long document.
 */
export async function openSqliteLog(data: LogThreadData): Promise<UpdateLog> {
	const writer = await LogCaller.start(data);
	const compactor = await LogCaller.start(data);
	const appenders = new Set<WeakRef<Appender>>();
	const commits = new GroupCommit((batch) =>
		writer.call(
			'append',
			batch.map(({ appender, update }) => ({ document: appender.document, update })),
		),
	);

	return {
		async open(document) {
			try {
				const stored = await writer.call('read', document);
				const appender: Appender = { document, hasFailed: false };
				remember(appenders, appender);
				return { stored, append: (update) => commits.append(appender, update) };
			} catch (cause) {
				throw cause instanceof LogThreadError && cause.isUnreadable
					? new UnreadableDocument(document, 'its bytes on disk are damaged', { cause })
					: cause;
			}
		},
		documents: () => writer.call('documents'),
		compact: (document, upTo) => compactor.call('compact', document, upTo),
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
			await compactor.close();
			await writer.close();
		},
	};
}

/** Keeps sight of who may append without keeping them alive. */
function remember(appenders: Set<WeakRef<Appender>>, appender: Appender): void {
	for (const known of appenders) if (!known.deref()) appenders.delete(known);
	appenders.add(new WeakRef(appender));
}
