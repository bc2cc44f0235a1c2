import {
	replicaTables,
	type ChangeLine,
	type ReplicaRows,
	type ReplicaTable,
} from '#shared/replica/rows.ts';
import type { EntityTable } from 'dexie';
import type { Replica } from './database.ts';

type RowLine = Exclude<ChangeLine, { cursor: string } | { reset: true }>;

/** One answer of the change feed, read. */
export interface ChangePage {
	readonly rows: readonly RowLine[];
	readonly cursor: string;
	readonly more: boolean;
}

/** Reads an answer of the change feed; undefined means that the cursor no longer serves: begin again. */
export function readChangePage(text: string): ChangePage | undefined {
	const rows: RowLine[] = [];
	for (const line of text.split('\n')) {
		if (line.trim() === '') continue;
		const change = JSON.parse(line) as ChangeLine;
		if ('reset' in change) return undefined;
		if ('cursor' in change) return { rows, cursor: change.cursor, more: change.more };
		rows.push(change);
	}
	// Without its last line the answer was cut off: nothing of it may count, or the cursor would lie.
	throw new Error('The answer of the change feed ended early');
}

const cursorKey = 'changes-cursor';

/** Where the replica stands; undefined before the first page. */
export async function readCursor(replica: Replica): Promise<string | undefined> {
	const row = await replica.settings.get(cursorKey);
	return row?.value as string | undefined;
}

/**
 * Writes a page and its cursor in one transaction: after a crash the replica stands either before the
 * page or behind it. `isRebuild` empties the replica first. Documents are never touched: what somebody
 * wrote does not go because they may no longer read the project.
 */
export async function applyChanges(
	replica: Replica,
	rows: readonly RowLine[],
	cursor: string,
	{ isRebuild = false } = {},
): Promise<void> {
	const tables = [...replicaTables, 'items', 'packets', 'settings'];
	await replica.transaction('rw', tables, async () => {
		if (isRebuild) for (const table of replicaTables) await replica.table(table).clear();
		for (const run of runsOfOneTable(rows)) await writeRun(replica, run);
		await replica.settings.put({ key: cursorKey, value: cursor });
	});
}

async function writeRun(replica: Replica, run: readonly RowLine[]): Promise<void> {
	const name = run[0]!.table;
	const table = replica[name] as EntityTable<ReplicaRows[ReplicaTable], 'id'>;
	if (run[0]!.row === null) {
		const ids = run.map((line) => line.id);
		await table.bulkDelete(ids);
		if (name === 'projects') for (const id of ids) await dropProject(replica, id);
		// A batch that is gone for this reader takes its packet along; its documents stay.
		if (name === 'batches') await replica.packets.bulkDelete(ids);
	} else await table.bulkPut(run.flatMap((line) => (line.row ? [line.row] : [])));
}

/** Takes away everything of a project but documents. */
async function dropProject(replica: Replica, project: string): Promise<void> {
	for (const table of replicaTables)
		if (table !== 'projects' && table !== 'runners')
			await replica.table(table).where('project').equals(project).delete();
	await replica.items.where('project').equals(project).delete();
	await replica.packets.where('project').equals(project).delete();
}

/** Cuts the page where table or kind of change changes, so that order is kept and rows are written in bulk. */
function runsOfOneTable(rows: readonly RowLine[]): RowLine[][] {
	const runs: RowLine[][] = [];
	for (const row of rows) {
		const last = runs.at(-1);
		const isSame =
			last && last[0]!.table === row.table && (last[0]!.row === null) === (row.row === null);
		if (isSame) last.push(row);
		else runs.push([row]);
	}
	return runs;
}
