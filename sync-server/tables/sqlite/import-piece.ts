import { corpusOf } from '#shared/corpus/corpus.ts';
import { sha256Hex } from '#shared/numbers/hash.ts';
import type { Answer } from '#shared/schema/answer.ts';
import type { ImportsTable, LineRefusal, PreparedLine } from '../imports.ts';
import type { Database } from './database.ts';
import { readHistory } from './item-history.ts';
import { ClassCounts, markBatchesOf, nextRevision, projectReviews, restand } from './standing.ts';

type Piece = Parameters<ImportsTable['append']>[0];

interface KnownItem {
	data: string;
	isWithdrawn: number;
	import: string | null;
}

/** Takes the lines of one piece of an import into the tables, within its caller's transaction. */
export class ImportPiece {
	items = 0;
	answers = 0;
	known = 0;
	readonly refusals: LineRefusal[] = [];
	readonly #database: Database;
	readonly #piece: Piece;
	readonly #reviews: boolean;
	readonly #classes: ClassCounts;
	readonly #answered: string[] = [];
	readonly #revived: string[] = [];
	#revision: number | undefined;
	#seq: number;

	constructor(database: Database, piece: Piece) {
		this.#database = database;
		this.#piece = piece;
		this.#reviews = projectReviews(database, piece.project);
		this.#classes = new ClassCounts(database, piece.project);
		const { seq } = database
			.prepare('SELECT coalesce(max(seq), 0) AS seq FROM items WHERE project = ?')
			.get(piece.project) as { seq: number };
		this.#seq = seq;
	}

	take(row: PreparedLine): void {
		const bad = this.#badMedia(row);
		if (bad) {
			this.refusals.push({ line: row.line, ...bad });
			return;
		}
		const item = this.#database
			.prepare(
				'SELECT data, is_withdrawn AS isWithdrawn, import FROM items WHERE project = ? AND id = ?',
			)
			.get(this.#piece.project, row.id) as KnownItem | undefined;
		if (!item) this.#add(row);
		else if (item.data !== row.data)
			this.refusals.push({
				line: row.line,
				code: 'item_changed',
				reason: `There is an item ${row.id} with other data.`,
			});
		else this.#again(row, item);
	}

	/** Writes what was gathered and marks the rows of the replicas. */
	finish(): void {
		const { project } = this.#piece;
		this.#classes.write();
		if (this.#revived.length > 0)
			restand(this.#database, project, this.#revived, { isAlwaysRevised: true });
		if (this.#answered.length > 0) restand(this.#database, project, this.#answered);
		if (this.#revived.length > 0) markBatchesOf(this.#database, project, this.#revived);
		if (this.items > 0) this.#database.changed(project, 'summaries', project);
	}

	/** A new item; with an answer its corpus follows from that alone. */
	#add(row: PreparedLine): void {
		const { project, id } = this.#piece;
		this.#revision ??= nextRevision(this.#database, project);
		const submission = row.answer === null ? undefined : this.#submit(row, []);
		const stands = submission && corpusOf([submission], [], { reviews: this.#reviews });
		const current = stands?.current;
		this.#seq += 1;
		this.#database
			.prepare(
				`INSERT INTO items (project, id, seq, data, words, meta, grp, split, import, shard,
					standing, answer, answer_by, answer_source, answer_at, revision)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			)
			.run(
				project,
				row.id,
				this.#seq,
				row.data,
				row.words,
				row.meta,
				row.group,
				row.split,
				id,
				row.shard,
				stands?.state ?? 'pool',
				current ? row.answer : null,
				current ? JSON.stringify(current.by) : null,
				current?.source ?? null,
				current?.at ?? null,
				this.#revision,
			);
		for (const { blob } of row.media)
			this.#database
				.prepare('INSERT OR IGNORE INTO item_media (project, sha256, item) VALUES (?, ?, ?)')
				.run(project, blob, row.id);
		this.#classes.add(current?.answer, 1);
		this.items += 1;
	}

	/** An item that is here already: its answer may be new, and what an undo took away comes back. */
	#again(row: PreparedLine, item: KnownItem): void {
		const isUndone = item.isWithdrawn === 1 && item.import !== null && this.#isUndone(item.import);
		if (isUndone) {
			this.#database
				.prepare('UPDATE items SET is_withdrawn = 0, import = ? WHERE project = ? AND id = ?')
				.run(this.#piece.id, this.#piece.project, row.id);
			this.#revived.push(row.id);
			this.items += 1;
		}
		const isAnswered = row.answer !== null && this.#answerAgain(row, row.answer);
		if (!isUndone && !isAnswered) this.known += 1;
	}

	/** True when the answer was new. One that some import said before, or that stands now, is known. */
	#answerAgain(row: PreparedLine, answer: string): boolean {
		const { submissions } = readHistory(this.#database, this.#piece.project, row.id);
		const standing = submissions.filter(({ isWithdrawn, isLate }) => !isWithdrawn && !isLate);
		const named = new Set(standing.flatMap(({ id, after }) => after.filter((one) => one !== id)));
		const heads = standing.filter(({ id }) => !named.has(id));
		const saidBefore = this.#database
			.prepare(
				`SELECT id FROM submissions WHERE project = ? AND item = ? AND source = 'import' AND answer = ? AND is_withdrawn = 0`,
			)
			.all(this.#piece.project, row.id, answer)
			.map(({ id }) => id as string);
		const isKnown = this.#piece.replaces
			? heads.some(({ id }) => saidBefore.includes(id))
			: saidBefore.length > 0;
		if (isKnown) return false;
		if (!this.#piece.replaces && standing.some(({ source }) => source === 'human')) {
			this.refusals.push({
				line: row.line,
				code: 'answered',
				reason: `${row.id} has a person’s answer; an import replaces it only with replace=1.`,
			});
			return true;
		}
		this.#submit(
			row,
			heads.map(({ id }) => id),
		);
		this.#answered.push(row.id);
		return true;
	}

	#submit(row: PreparedLine, after: readonly string[]) {
		const { project, id: importId, by, at, schemaVersion } = this.#piece;
		// The same answer after the same others is the same submission, so that sending again adds none.
		const id = sha256Hex(['import', row.id, row.answer, ...[...after].sort()].join('\n')).slice(
			0,
			32,
		);
		this.#database
			.prepare(
				`INSERT INTO submissions (project, id, item, import, by, at, spent_ms, schema_version, answer, guess, after, source, replaces)
				VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, 'none', ?, 'import', ?)
				ON CONFLICT (project, id) DO UPDATE SET is_withdrawn = 0, import = excluded.import, by = excluded.by,
					at = excluded.at, replaces = excluded.replaces`,
			)
			.run(
				project,
				id,
				row.id,
				importId,
				by,
				at,
				schemaVersion,
				row.answer,
				JSON.stringify(after),
				Number(this.#piece.replaces && after.length > 0),
			);
		this.answers += 1;
		return {
			id,
			item: row.id,
			by,
			at,
			spentMs: 0,
			schema: schemaVersion,
			answer: JSON.parse(row.answer!) as Answer,
			guess: 'none' as const,
			after: [...after],
			source: 'import' as const,
		};
	}

	#isUndone(id: string): boolean {
		return (
			this.#database.prepare('SELECT state FROM imports WHERE id = ?').get(id)?.['state'] ===
			'undone'
		);
	}

	/** What is wrong with the media a line names: bytes that are not here, or an image that is none. */
	#badMedia(row: PreparedLine): { code: string; reason: string } | undefined {
		for (const { blob, type } of row.media) {
			const kept = this.#database
				.prepare('SELECT type FROM blobs WHERE project = ? AND sha256 = ?')
				.get(this.#piece.project, blob);
			if (!kept)
				return {
					code: 'blob_missing',
					reason: `The bytes of ${blob} are not here; send them first.`,
				};
			if (type.startsWith('image/') && !String(kept['type']).startsWith('image/'))
				return { code: 'bad_image', reason: `${blob} is said to be ${type} and is no image.` };
		}
		return undefined;
	}
}
