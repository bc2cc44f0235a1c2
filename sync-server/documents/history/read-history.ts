import { earlierParts } from '#shared/corpus/earlier.ts';
import { formatDocumentName } from '#shared/wire/document-name.ts';
import { IdleThread } from '../../threads/idle-thread.ts';
import type { StoredHistory, UpdateLog } from '../../log/update-log.ts';
import { FewAtOnce } from '../few-at-once.ts';
import type { HistoryMethods } from './history-thread.ts';
import type { ItemPast, PastQuestion } from './item-past.ts';

/** What lies in memory meanwhile is bounded: the past of one batch. */
const atOnce = 1;
/** Beyond that the question is too large to be answered; nobody else notices. */
const heapMegabytes = 1024;

export interface HistoryOfBatch extends Omit<PastQuestion, 'notBefore'> {
	readonly project: string;
	readonly batch: string;
}

export interface Histories {
	/**
	 * What happened to an item in a batch, read from the log and put together in a thread of its own. Rejects
	 * with UnreadableDocument where the log is damaged.
	 */
	read(question: HistoryOfBatch): Promise<ItemPast>;
	close(): Promise<void>;
}

/** The past of batches, as long as `historyMs` says. */
export function openHistories({
	log,
	historyMs,
	now,
}: {
	readonly log: Pick<UpdateLog, 'history'>;
	readonly historyMs: number;
	readonly now: () => number;
}): Histories {
	const program = new URL('./history-thread.ts', import.meta.url);
	const thread = new IdleThread<HistoryMethods>(program, { heapMegabytes });
	const turns = new FewAtOnce(atOnce);
	return {
		read: ({ project, batch, ...question }) =>
			turns.run(async () => {
				const documents: { name: string; history: StoredHistory }[] = [];
				for (const part of earlierParts) {
					const name = formatDocumentName({ project, batch, part });
					documents.push({ name, history: await log.history(name) });
				}
				const asked = { ...question, notBefore: now() - historyMs };
				return thread.ask((caller) => caller.call('itemPast', documents, asked));
			}),
		close: () => thread.close(),
	};
}
