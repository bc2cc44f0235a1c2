import { corpusOf, type Corpus } from '#shared/corpus/corpus.ts';
import { canonicalAnswer, type Answer } from '#shared/schema/answer.ts';
import type { Database } from './database.ts';
import { readHistory } from './item-history.ts';

interface Stood {
	standing: string;
	answer: string | null;
	by: string | null;
	source: string | null;
	at: string | null;
	isWithdrawn: number;
}

/** True when the answers of a project count only once a reviewer accepted them. */
export function projectReviews(database: Database, project: string): boolean {
	return (
		database.prepare('SELECT reviews FROM projects WHERE id = ?').get(project)?.['reviews'] === 1
	);
}

/** The corpus of one item, from everything that was said about it. */
export function corpusOfItem(database: Database, project: string, item: string): Corpus {
	const { submissions, verdicts } = readHistory(database, project, item);
	return corpusOf(submissions, verdicts, { reviews: projectReviews(database, project) });
}

/** The next number of a project: what changes in this transaction carries it. */
export function nextRevision(database: Database, project: string): number {
	const row = database
		.prepare('UPDATE projects SET revision = revision + 1 WHERE id = ? RETURNING revision')
		.get(project);
	return row!['revision'] as number;
}

/** Adds what changed answers do to the number of items with each option. */
export class ClassCounts {
	readonly #database: Database;
	readonly #project: string;
	readonly #change = new Map<string, number>();

	constructor(database: Database, project: string) {
		this.#database = database;
		this.#project = project;
	}

	add(answer: Answer | undefined, by: 1 | -1): void {
		for (const [tool, value] of Object.entries(answer?.values ?? {}))
			for (const option of Array.isArray(value) ? (value as unknown[]) : [value])
				if (typeof option === 'string') {
					const key = JSON.stringify([tool, option]);
					this.#change.set(key, (this.#change.get(key) ?? 0) + by);
				}
	}

	write(): void {
		for (const [key, change] of this.#change)
			if (change !== 0)
				this.#database
					.prepare(
						`INSERT INTO class_counts (project, tool, option, items) VALUES (?1, ?2, ?3, ?4)
						ON CONFLICT (project, tool, option) DO UPDATE SET items = items + ?4`,
					)
					.run(this.#project, ...(JSON.parse(key) as [string, string]), change);
	}
}

/**
 * Computes again where these items stand, from their submissions and verdicts, and writes what differs:
 * standing and answer, the numbers of classes, and for an answer that changed the project's next revision.
 * `isAlwaysRevised`: the items themselves changed (withdrawn, brought back). Marks the replicas' rows.
 */
export function restand(
	database: Database,
	project: string,
	items: Iterable<string>,
	{ isAlwaysRevised = false } = {},
): void {
	const classes = new ClassCounts(database, project);
	let revision: number | undefined;
	for (const item of new Set(items)) {
		const before = database
			.prepare(
				`SELECT standing, answer, answer_by AS by, answer_source AS source, answer_at AS at, is_withdrawn AS isWithdrawn
				FROM items WHERE project = ? AND id = ?`,
			)
			.get(project, item) as Stood | undefined;
		if (!before) continue;
		const after = stand(database, project, item, before.isWithdrawn === 1);
		const isRevised =
			isAlwaysRevised ||
			before.answer !== after.answer ||
			before.by !== after.by ||
			before.source !== after.source ||
			before.at !== after.at;
		if (!isRevised && before.standing === after.standing) continue;
		if (before.standing === 'settle' || after.standing === 'settle')
			markDiffering(database, project, item);
		if (isRevised) revision ??= nextRevision(database, project);
		database
			.prepare(
				`UPDATE items SET standing = ?, answer = ?, answer_by = ?, answer_source = ?, answer_at = ?,
				revision = coalesce(?, revision) WHERE project = ? AND id = ?`,
			)
			.run(
				after.standing,
				after.answer,
				after.by,
				after.source,
				after.at,
				isRevised ? revision! : null,
				project,
				item,
			);
		if (before.answer === after.answer) continue;
		classes.add(parse(before.answer), -1);
		classes.add(parse(after.answer), 1);
	}
	classes.write();
	database.changed(project, 'summaries', project);
}

/** A withdrawn item stands nowhere and has no answer, until it is brought back. */
function stand(
	database: Database,
	project: string,
	item: string,
	isWithdrawn: boolean,
): Omit<Stood, 'isWithdrawn'> {
	if (isWithdrawn) return { standing: 'withdrawn', answer: null, by: null, source: null, at: null };
	const { state, current } = corpusOfItem(database, project, item);
	return {
		standing: state,
		answer: current ? canonicalAnswer(current.answer) : null,
		by: current ? JSON.stringify(current.by) : null,
		source: current?.source ?? null,
		at: current?.at ?? null,
	};
}

function parse(answer: string | null): Answer | undefined {
	return answer === null ? undefined : (JSON.parse(answer) as Answer);
}

/**
 * The item is to settle or is not any more, perhaps by what was said elsewhere: batches in which people differed
 * about it count it otherwise from now on. A blind round never does, having one member.
 */
function markDiffering(database: Database, project: string, item: string): void {
	for (const { batch } of database
		.prepare(
			`SELECT batch FROM submissions WHERE project = ? AND item = ? AND batch IS NOT NULL
			GROUP BY batch HAVING count(DISTINCT answer) > 1`,
		)
		.all(project, item))
		database.changed(project, 'batches', batch as string);
}

/** Marks the rows of all batches that hold one of these items. */
export function markBatchesOf(database: Database, project: string, items: Iterable<string>): void {
	const batches = new Set<string>();
	for (const item of new Set(items))
		for (const row of database
			.prepare('SELECT batch FROM batch_items WHERE project = ? AND item = ?')
			.all(project, item))
			batches.add(row['batch'] as string);
	for (const batch of batches) database.changed(project, 'batches', batch);
}
