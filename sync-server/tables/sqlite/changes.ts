import type { Role } from '#shared/access/access.ts';
import { replicaTables, type ReplicaTable } from '#shared/replica/rows.ts';
import { everyProject, type ChangesTable, type RowLine } from '../changes.ts';
import type { Synchronous } from '../synchronous.ts';
import { batchRows } from './changes/batch-rows.ts';
import { figureRows } from './changes/figure-rows.ts';
import { memberRows, projectRows, schemaRows } from './changes/project-rows.ts';
import type { RowReader, Viewer } from './changes/row-reader.ts';
import { readsCorpus } from './changes/row-reader.ts';
import { importRows, runRows, snapshotRows } from './changes/run-rows.ts';
import { runnerRows } from './changes/runner-rows.ts';
import { summaryRows } from './changes/summary-rows.ts';
import type { Database } from './database.ts';

interface Change {
	readonly seq: number;
	readonly project: string;
	readonly tbl: ReplicaTable;
	readonly row: string;
	readonly audience: string | null;
}

/** The change feed: which rows changed is in `changes`, what they are now is read when somebody asks. */
export function changes(database: Database): Synchronous<ChangesTable> {
	const readers: { readonly [T in ReplicaTable]: RowReader<T> } = {
		projects: projectRows(database),
		schemas: schemaRows(database),
		members: memberRows(database),
		figures: figureRows(database),
		batches: batchRows(database),
		summaries: summaryRows(database),
		snapshots: snapshotRows(database),
		runs: runRows(database),
		runners: runnerRows(database),
		imports: importRows(database),
	};

	const lineOf = (viewer: Viewer, table: ReplicaTable, id: string): RowLine =>
		({ table, id, row: readers[table].read(viewer, id) ?? null }) as RowLine;

	const whole = (viewer: Viewer): RowLine[] =>
		replicaTables.flatMap((table) =>
			readers[table].ids(viewer).map((id) => lineOf(viewer, table, id)),
		);

	const viewersOf = (user: string, project: string | undefined): Map<string, Viewer> =>
		new Map(
			database
				.prepare(
					'SELECT project, role, has_code AS hasCode FROM members WHERE user = ? ORDER BY project',
				)
				.all(user)
				.map((row) => ({
					user,
					project: row['project'] as string,
					role: row['role'] as Role,
					hasCode: row['hasCode'] === 1,
				}))
				.filter((viewer) => project === undefined || viewer.project === project)
				.map((viewer) => [viewer.project, viewer]),
		);

	const head = (): number =>
		(database.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'changes'`).get()?.['seq'] ??
			0) as number;

	return {
		head,
		read({ user, since, limit, project }) {
			const viewers = viewersOf(user, project);
			if (!since || since.after !== undefined) {
				const position = since ?? { seq: head() };
				const lines: RowLine[] = [];
				let after = position.after ?? '';
				for (const viewer of viewers.values()) {
					if (viewer.project <= after) continue;
					if (lines.length >= limit)
						return { kind: 'page', lines, position: { seq: position.seq, after }, more: true };
					lines.push(...whole(viewer));
					after = viewer.project;
				}
				return { kind: 'page', lines, position: { seq: position.seq }, more: false };
			}
			const newest = head();
			if (since.seq > newest) return { kind: 'gone' };
			const oldest = (database.prepare('SELECT min(seq) AS seq FROM changes').get()?.['seq'] ??
				newest + 1) as number;
			if (since.seq < oldest - 1) return { kind: 'gone' };
			const found = database
				.prepare(
					'SELECT seq, project, tbl, row, audience FROM changes WHERE seq > ? ORDER BY seq LIMIT ?',
				)
				.all(since.seq, limit) as unknown as Change[];
			const position = { seq: found.at(-1)?.seq ?? since.seq };
			return {
				kind: 'page',
				lines: linesOf(found, user, viewers, project),
				position,
				more: position.seq < newest,
			};
		},
		concerns({ user, project, since }) {
			const viewers = viewersOf(user, project === everyProject ? undefined : project);
			const found = database
				.prepare(
					'SELECT seq, project, tbl, row, audience FROM changes WHERE project = ? AND seq > ?',
				)
				.all(project, since) as unknown as Change[];
			return found.some(
				({ tbl, row, audience }) =>
					audience === user ||
					(audience === null &&
						[...viewers.values()].some((viewer) => readers[tbl].mayKnow(viewer, row))),
			);
		},
		prune(keep) {
			database.prepare('DELETE FROM changes WHERE seq <= ?').run(head() - keep);
		},
	};

	/** Changes as lines: each row once, where it changed last; a project whose rights changed once, whole. */
	function linesOf(
		found: readonly Change[],
		user: string,
		viewers: ReadonlyMap<string, Viewer>,
		only: string | undefined,
	): RowLine[] {
		const isMine = ({ audience }: Change): boolean => audience === null || audience === user;
		const concerned = found.filter(
			(change) => isMine(change) && (only === undefined || change.project === only),
		);
		const renewed = new Set(
			concerned
				.filter(({ tbl, audience }) => tbl === 'projects' && audience === user)
				.map(({ project }) => project),
		);
		const anyone = [...viewers.values()].find(readsCorpus);
		const newest = new Map<string, () => RowLine[]>();
		const put = (key: string, lines: () => RowLine[]): void => {
			newest.delete(key);
			newest.set(key, lines);
		};
		for (const { project, tbl, row, audience } of concerned) {
			if (tbl === 'runners') {
				if (anyone) put(`runners ${row}`, () => [lineOf(anyone, 'runners', row)]);
				continue;
			}
			const viewer = viewers.get(project);
			if (renewed.has(project)) {
				const gone = { table: 'projects', id: project, row: null } as const;
				put(`projects ${project}`, () => (viewer ? [gone, ...whole(viewer)] : [gone]));
				continue;
			}
			if (!viewer) continue;
			if (audience === user || readers[tbl].mayKnow(viewer, row))
				put(`${tbl} ${project} ${row}`, () => [lineOf(viewer, tbl, row)]);
		}
		return [...newest.values()].flatMap((lines) => lines());
	}
}
