import { CommandError } from '#shared/api/errors.ts';
import { readMetricLine } from '#shared/run/metric-line.ts';
import type { MetricsTable } from '../metrics.ts';
import type { Synchronous } from '../synchronous.ts';
import type { Database } from './database.ts';
import { liveAttempt } from './live-attempt.ts';
import { addPoints, keysOf, pointsOf } from './metric-columns.ts';

/** A run's log may be this long over all its attempts; a script that prints without end fills no disk. */
const logLimitBytes = 300 * 1024 * 1024;
/** A longer line is no metric. */
const lineLimitBytes = 64 * 1024;

/** Logs and metrics, in the pieces in which runners send them. */
export function metrics(database: Database): Synchronous<MetricsTable> {
	/** Where the next piece of an attempt's log begins. */
	const logEnd = (run: number, attempt: number): { next: number; nextSequence: number } => {
		const last = database
			.prepare(
				`SELECT sequence, start + size AS stop FROM log_chunks WHERE run = ? AND attempt = ? AND sequence > 0
				ORDER BY sequence DESC LIMIT 1`,
			)
			.get(run, attempt) as { sequence: number; stop: number } | undefined;
		return { next: last?.stop ?? 0, nextSequence: (last?.sequence ?? 0) + 1 };
	};

	return {
		appendLog(key, { sequence, offset, data }) {
			const { id, attempt } = liveAttempt(database, key);
			const end = logEnd(id, attempt);
			if (offset !== end.next || sequence !== end.nextSequence || data.length === 0) return end;
			if (offset + data.length > logLimitBytes)
				throw new CommandError('too_large', `The log of run ${id} is longer than 300 MiB.`);
			database
				.prepare(
					'INSERT INTO log_chunks (run, attempt, sequence, start, size, data) VALUES (?, ?, ?, ?, ?, ?)',
				)
				.run(id, attempt, sequence, offset, data.length, data);
			return { next: offset + data.length, nextSequence: sequence + 1 };
		},
		readLog(run, from, limit) {
			const found: Uint8Array[] = [];
			let [position, size] = [0, 0];
			const sizes = database
				.prepare(
					'SELECT attempt, sum(size) AS size FROM log_chunks WHERE run = ? GROUP BY attempt ORDER BY attempt',
				)
				.all(Number(run));
			for (const { attempt, size: bytes } of sizes as { attempt: number; size: number }[]) {
				if (position + bytes <= from) {
					position += bytes;
					continue;
				}
				for (const row of database
					.prepare(
						'SELECT sequence, size FROM log_chunks WHERE run = ? AND attempt = ? ORDER BY sequence',
					)
					.all(Number(run), attempt) as { sequence: number; size: number }[]) {
					const start = position;
					position += row.size;
					if (position <= from) continue;
					const { data } = database
						.prepare('SELECT data FROM log_chunks WHERE run = ? AND attempt = ? AND sequence = ?')
						.get(Number(run), attempt, row.sequence) as { data: Uint8Array };
					const part = data.subarray(Math.max(0, from - start), from + limit - start);
					found.push(part);
					size += part.length;
					if (size >= limit) return Buffer.concat(found);
				}
			}
			return Buffer.concat(found);
		},
		append(key, { file, offset, data }) {
			const { id, attempt } = liveAttempt(database, key);
			const row = database
				.prepare('SELECT bytes, tail FROM metric_files WHERE run = ? AND attempt = ? AND file = ?')
				.get(id, attempt, file) as { bytes: number; tail: Uint8Array } | undefined;
			const known = row?.bytes ?? 0;
			if (offset > known || offset + data.length <= known) return { next: known, points: 0 };
			const fresh = data.subarray(known - offset);
			const text = Buffer.concat([row?.tail ?? Buffer.alloc(0), fresh]);
			const stop = text.lastIndexOf(0x0a) + 1;
			const lines = text.subarray(0, stop).toString().split('\n');
			const points = lines.flatMap((line) => readMetricLine(line) ?? []);
			addPoints(database, id, attempt, points);
			// Of a line too long to be a metric only the length matters: its end makes it no metric either.
			const tail = text.subarray(stop, stop + lineLimitBytes + 1);
			database
				.prepare(
					`INSERT INTO metric_files (run, attempt, file, bytes, tail) VALUES (?, ?, ?, ?, ?)
					ON CONFLICT (run, attempt, file) DO UPDATE SET bytes = excluded.bytes, tail = excluded.tail`,
				)
				.run(id, attempt, file, known + fresh.length, tail);
			return { next: known + fresh.length, points: points.length };
		},
		close(key) {
			const { id, attempt } = liveAttempt(database, key);
			const open = database
				.prepare(
					'SELECT file, tail FROM metric_files WHERE run = ? AND attempt = ? AND length(tail) > 0',
				)
				.all(id, attempt) as { file: string; tail: Uint8Array }[];
			const points = open.flatMap(({ tail }) => readMetricLine(Buffer.from(tail).toString()) ?? []);
			addPoints(database, id, attempt, points);
			database
				.prepare(`UPDATE metric_files SET tail = x'' WHERE run = ? AND attempt = ?`)
				.run(id, attempt);
		},
		keys: (run) => keysOf(database, Number(run)),
		points: (run, key) => pointsOf(database, Number(run), key),
	};
}
