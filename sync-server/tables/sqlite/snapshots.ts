import { DatabaseSync } from 'node:sqlite';
import type { Schema } from '#shared/schema/schema.ts';
import type {
	CorpusTally,
	FrozenCorpus,
	FrozenItem,
	SnapshotRecord,
	SnapshotsTable,
} from '../snapshots.ts';
import type { Synchronous } from '../synchronous.ts';
import type { Database } from './database.ts';

type Stored = Omit<SnapshotRecord, 'counts' | 'classes' | 'changed'> & {
	counts: string;
	classes: string;
	changed: string;
};

function read(row: Stored): SnapshotRecord {
	return {
		...row,
		counts: JSON.parse(row.counts) as SnapshotRecord['counts'],
		classes: JSON.parse(row.classes) as SnapshotRecord['classes'],
		changed: JSON.parse(row.changed) as SnapshotRecord['changed'],
	};
}

const columns =
	'id, project, name, number, tag, message, at, by, revision, counts, classes, changed';

const itemColumns = `id, shard, data, meta, grp AS "group", split, answer,
	answer_by AS "by", answer_source AS source, answer_at AS at`;

/** Snapshots, and the corpus held still for the one who takes them. */
export function snapshots(database: Database): Synchronous<SnapshotsTable> {
	const readings = new Map<number, { sql: DatabaseSync; project: string }>();
	let lastReading = 0;
	return {
		list: (project) =>
			database
				.prepare(`SELECT ${columns} FROM snapshots WHERE project = ? ORDER BY at DESC, number DESC`)
				.all(project)
				.map((row) => read(row as unknown as Stored)),
		find(commit) {
			const row = database.prepare(`SELECT ${columns} FROM snapshots WHERE id = ?`).get(commit);
			return row && read(row as unknown as Stored);
		},
		add(snapshot) {
			const { changes } = database
				.prepare(
					`INSERT OR IGNORE INTO snapshots (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				)
				.run(
					snapshot.id,
					snapshot.project,
					snapshot.name,
					snapshot.number,
					snapshot.tag,
					snapshot.message,
					snapshot.at,
					snapshot.by,
					snapshot.revision,
					JSON.stringify(snapshot.counts),
					JSON.stringify(snapshot.classes),
					JSON.stringify(snapshot.changed),
				);
			if (changes === 0) return;
			database.changed(snapshot.project, 'snapshots', snapshot.id);
			database.changed(snapshot.project, 'summaries', snapshot.project);
		},
		beginReading(project, since) {
			// A connection of its own: in WAL mode its transaction sees one state, whatever is written meanwhile.
			const sql = new DatabaseSync(database.location!, { readOnly: true });
			let isHeld = false;
			try {
				sql.exec('PRAGMA busy_timeout = 5000; BEGIN');
				const frozen = freeze(sql, project, since);
				if (!frozen) return undefined;
				isHeld = true;
				const reading = ++lastReading;
				readings.set(reading, { sql, project });
				return { reading, ...frozen };
			} finally {
				if (!isHeld) sql.close();
			}
		},
		tally: (reading) => tally(readings.get(reading)!),
		readShards({ reading, ranges }) {
			const { sql, project } = readings.get(reading)!;
			const statement = sql.prepare(
				`SELECT ${itemColumns} FROM items INDEXED BY items_by_shard
				WHERE project = ? AND shard >= ? AND shard < ? AND is_withdrawn = 0`,
			);
			return ranges.flatMap(
				({ from, to }) => statement.all(project, from, to) as unknown as FrozenItem[],
			);
		},
		readChanged({ reading, since }) {
			const { sql, project } = readings.get(reading)!;
			return sql
				.prepare(
					`SELECT ${itemColumns}, is_withdrawn FROM items WHERE project = ? AND revision > ?`,
				)
				.all(project, since)
				.map(({ is_withdrawn, ...item }) => ({
					...(item as unknown as FrozenItem),
					isWithdrawn: is_withdrawn === 1,
				}));
		},
		endReading(reading) {
			readings.get(reading)?.sql.close();
			readings.delete(reading);
		},
	};
}

function freeze(
	sql: DatabaseSync,
	project: string,
	since: number,
): Omit<FrozenCorpus, 'reading'> | undefined {
	const head = sql
		.prepare(
			`SELECT p.revision, p.schema_version AS version, s.schema FROM projects p
			JOIN schemas s ON s.project = p.id AND s.version = p.schema_version WHERE p.id = ?`,
		)
		.get(project) as { revision: number; version: number; schema: string } | undefined;
	if (!head) return undefined;
	const { changedItems } = sql
		.prepare('SELECT count(*) AS "changedItems" FROM items WHERE project = ? AND revision > ?')
		.get(project, since) as { changedItems: number };
	const lost = sql
		.prepare(
			`SELECT 1 FROM items WHERE project = ? AND revision > ? AND is_withdrawn = 1
			AND instr(data, '"blob"') > 0 LIMIT 1`,
		)
		.get(project, since);
	return {
		revision: head.revision,
		schema: JSON.parse(head.schema) as Schema,
		schemaVersion: head.version,
		changedItems,
		mayLoseMedia: lost !== undefined,
	};
}

function tally({ sql, project }: { sql: DatabaseSync; project: string }): CorpusTally {
	const counts = { train: 0, valid: 0, gate: 0, pool: 0 };
	const rows = sql
		.prepare(
			`SELECT CASE WHEN answer IS NULL THEN 'pool' ELSE split END AS part, count(*) AS n
			FROM items WHERE project = ? AND is_withdrawn = 0 GROUP BY part`,
		)
		.all(project) as { part: keyof typeof counts; n: number }[];
	for (const { part, n } of rows) counts[part] = n;
	const answers = sql
		.prepare(
			`SELECT answer, count(*) AS count FROM items
			WHERE project = ? AND is_withdrawn = 0 AND answer IS NOT NULL AND split <> 'gate' GROUP BY answer`,
		)
		.all(project) as { answer: string; count: number }[];
	return { counts, answers };
}
