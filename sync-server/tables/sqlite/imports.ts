import { CommandError } from '#shared/api/errors.ts';
import type { ImportReport } from '#shared/api/replies.ts';
import type { ImportsTable } from '../imports.ts';
import type { Synchronous } from '../synchronous.ts';
import type { Database } from './database.ts';
import { ImportPiece } from './import-piece.ts';
import { restand } from './standing.ts';

/** How many refusals are kept with their reasons; more are only counted. */
const keptRefusals = 1000;

interface Stored {
	id: string;
	project: string;
	state: 'running' | 'done' | 'failed' | 'undone';
	lines: number;
	items: number;
	answers: number;
	known: number;
	refused: number;
	refusals: string;
}

/** Imports: what came in, line by line where it was refused. */
export function imports(database: Database): Synchronous<ImportsTable> {
	/** Imports that run in this process; what else says running was abandoned. */
	const underWay = new Set<string>();
	const stored = (id: string): Stored | undefined =>
		database
			.prepare(
				'SELECT id, project, state, lines, items, answers, known, refused, refusals FROM imports WHERE id = ?',
			)
			.get(id) as Stored | undefined;
	const report = (id: string): ImportReport => {
		const { lines, items, answers, known, refused, refusals } = stored(id)!;
		const kept = JSON.parse(refusals) as ImportReport['refusals'];
		return { id, lines, items, answers, known, refused, refusals: kept };
	};
	const setState = (id: string, state: Stored['state']): void => {
		const row = database
			.prepare('UPDATE imports SET state = ? WHERE id = ? RETURNING project')
			.get(state, id);
		database.changed(row!['project'] as string, 'imports', id);
	};
	return {
		start({ id, project, by, at, format }) {
			database
				.prepare(
					`INSERT INTO imports (id, project, at, by, format, state) VALUES (?, ?, ?, ?, ?, 'running')`,
				)
				.run(id, project, at, by, format);
			underWay.add(id);
			database.changed(project, 'imports', id);
		},
		append(piece) {
			const { id, project, rows, lines, refusedMore } = piece;
			const taken = new ImportPiece(database, piece);
			for (const row of rows) taken.take(row);
			taken.finish();
			const refusals = [...piece.refusals, ...taken.refusals].sort((a, b) => a.line - b.line);
			const kept = JSON.parse(stored(id)!.refusals) as ImportReport['refusals'];
			const more = refusals.slice(0, Math.max(0, keptRefusals - kept.length));
			database
				.prepare(
					`UPDATE imports SET lines = lines + ?, items = items + ?, answers = answers + ?, known = known + ?,
					refused = refused + ?, refusals = ? WHERE id = ?`,
				)
				.run(
					lines,
					taken.items,
					taken.answers,
					taken.known,
					refusals.length + refusedMore,
					JSON.stringify([...kept, ...more]),
					id,
				);
			database.changed(project, 'imports', id);
			return { report: report(id), refused: taken.refusals };
		},
		end(id, state) {
			underWay.delete(id);
			setState(id, state);
			return report(id);
		},
		find(project, id) {
			const row = stored(id);
			return row?.project === project ? { state: row.state, report: report(id) } : undefined;
		},
		undo({ project, id, limit }) {
			const row = stored(id);
			if (row?.project !== project)
				throw new CommandError('not_found', `There is no import ${id} in ${project}.`);
			if (row.state === 'running')
				throw new CommandError('conflict', 'This import is still running.');
			if (row.state !== 'undone') setState(id, 'undone');
			return { isDone: undoAnswers(database, id, limit) && undoItems(database, id, limit) };
		},
		failAbandoned() {
			for (const { id } of database.prepare(`SELECT id FROM imports WHERE state = 'running'`).all())
				if (!underWay.has(id as string)) setState(id as string, 'failed');
		},
	};
}

/** Withdraws answers of an import; true when none is left. */
function undoAnswers(database: Database, id: string, limit: number): boolean {
	const answers = database
		.prepare(
			`UPDATE submissions SET is_withdrawn = 1 WHERE (project, id) IN (
				SELECT project, id FROM submissions WHERE import = ? AND is_withdrawn = 0 LIMIT ?
			) RETURNING project, item`,
		)
		.all(id, limit) as unknown as { project: string; item: string }[];
	if (answers.length === 0) return true;
	const { project } = answers[0]!;
	restand(
		database,
		project,
		answers.map(({ item }) => item),
	);
	return false;
}

/** Withdraws items of an import that nobody answered and no open batch holds; true when none is left. */
function undoItems(database: Database, id: string, limit: number): boolean {
	const gone = database
		.prepare(
			`UPDATE items SET is_withdrawn = 1 WHERE (project, id) IN (
				SELECT project, id FROM items WHERE import = ?1 AND is_withdrawn = 0 AND open_batches = 0
				AND NOT EXISTS (SELECT 1 FROM submissions WHERE submissions.project = items.project
					AND submissions.item = items.id AND submissions.is_withdrawn = 0)
				LIMIT ?2
			) RETURNING project, id`,
		)
		.all(id, limit) as unknown as { project: string; id: string }[];
	if (gone.length === 0) return true;
	restand(
		database,
		gone[0]!.project,
		gone.map((item) => item.id),
		{ isAlwaysRevised: true },
	);
	return false;
}
