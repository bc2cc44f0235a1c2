import type * as Y from 'yjs';
import { corpusOf } from '#shared/corpus/corpus.ts';
import type { Submission, Submitted, Verdict, VerdictValue } from '#shared/corpus/submission.ts';
import { canonicalAnswer } from '#shared/schema/answer.ts';
import { formatDocumentName } from '#shared/wire/document-name.ts';
import { parseVerdictKey } from '#shared/wire/document-shape.ts';
import { readHistory } from '#sync-server/tables/sqlite/item-history.ts';
import type { SyncWorld } from './sync-world.ts';
import { project, type TestBatch } from './tables-in-memory.ts';
import type { DiskContent } from './test-disk.ts';

interface Said {
	readonly submissions: Submission[];
	readonly verdicts: (Verdict & { readonly batch: string })[];
}

/** The tables say what the documents say, about every item: who said what, what was late, where it stands. */
export function checkProjection(world: SyncWorld, disk: DiskContent): void {
	const said: Said = { submissions: [], verdicts: [] };
	for (const batch of world.batches) readBatch(world, disk, batch, said);
	const { database } = world.tables;
	for (const row of database.prepare('SELECT * FROM items').all()) {
		const item = row['id'] as string;
		const submissions = said.submissions.filter((one) => one.item === item);
		const batchOf = new Map(submissions.map(({ id, batch }) => [id, batch]));
		const verdicts = said.verdicts.filter(
			({ submission, batch }) => batchOf.get(submission) === batch,
		);
		const known = readHistory(database, project, item);
		compare(`who said what about ${item}`, known.submissions.map(spell), submissions.map(spell));
		compare(
			`the verdicts on ${item}`,
			known.verdicts.map(({ submission, user, kind }) => `${submission} ${user} ${kind}`),
			verdicts.map(({ submission, user, kind }) => `${submission} ${user} ${kind}`),
		);
		const corpus = corpusOf(submissions, verdicts, { reviews: true });
		compare(
			`where ${item} stands`,
			[row['standing'], row['answer']],
			[corpus.state, corpus.current ? canonicalAnswer(corpus.current.answer) : null],
		);
	}
}

function readBatch(world: SyncWorld, disk: DiskContent, batch: TestBatch, said: Said): void {
	const find = (part: 'answers' | 'verdicts') =>
		disk.get(formatDocumentName({ project, batch: batch.id, part }))!;
	const { closedAt } = world.tables.nouns.batches.find(batch.id)!;
	const answers = find('answers');
	const authors = new Map<string, string>();
	const submitted = answers.document.getMap<Submitted>('submitted');
	for (const id of submitted.keys())
		authors.set(id, authorOf(submitted._map, id, answers.stored.owners));
	for (const [id, value] of submitted) {
		const by = authors.get(id)!;
		const receivedAt = world.receivedAt.get(id);
		if (receivedAt === undefined) throw new Error(`${id} came into the log unseen`);
		said.submissions.push({
			...value,
			id,
			by,
			source: 'human',
			batch: batch.id,
			// In a blind round nobody was shown what others said, whatever they claim.
			after: batch.isBlind ? value.after.filter((one) => authors.get(one) === by) : value.after,
			...(closedAt !== null && receivedAt >= closedAt ? { isLate: true } : {}),
		});
	}
	const { document, stored } = find('verdicts');
	const verdicts = document.getMap<VerdictValue>('verdict');
	for (const [key, value] of verdicts) {
		const { submission } = parseVerdictKey(key)!;
		const user = authorOf(verdicts._map, key, stored.owners);
		said.verdicts.push({ ...value, submission, user, batch: batch.id });
	}
}

function authorOf(
	entries: Y.Map<never>['_map'],
	key: string,
	owners: ReadonlyMap<number, string>,
): string {
	const author = owners.get(entries.get(key)!.id.client);
	if (author === undefined) throw new Error(`nobody owns ${key}`);
	return author;
}

function spell({ id, by, at, answer, after, isLate }: Submission): string {
	const said = answer ? canonicalAnswer(answer) : 'skipped';
	return `${id} ${by} ${at} ${said} after ${after.join(',')}${isLate ? ' late' : ''}`;
}

function compare(what: string, tables: readonly unknown[], documents: readonly unknown[]): void {
	const [known, said] = [tables, documents].map((list) => JSON.stringify([...list].sort()));
	if (known !== said) throw new Error(`${what}: the tables say ${known}, the documents ${said}`);
}
