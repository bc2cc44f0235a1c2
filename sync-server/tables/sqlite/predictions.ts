import type { PredictionRow } from '#shared/api/replies.ts';
import { answerShape, sameAnswer, type Answer } from '#shared/schema/answer.ts';
import type { Json } from '#shared/numbers/canonical-json.ts';
import type { PredictionsTable } from '../predictions.ts';
import type { Synchronous } from '../synchronous.ts';
import type { Database } from './database.ts';

interface Stored {
	readonly item: string;
	readonly model: string;
	readonly answer: string;
	readonly confidence: number;
	readonly scores: string | null;
	readonly data: string;
	readonly current: string | null;
}

/** What models say about items: a layer of its own beside the corpus. */
export function predictions(database: Database): Synchronous<PredictionsTable> {
	const count = (project: string, model: string): number =>
		database
			.prepare('SELECT count(*) AS n FROM predictions WHERE project = ? AND model = ?')
			.get(project, model)!['n'] as number;

	/** A run shows how many predictions it has. */
	const updateRun = (project: string, model: string): void => {
		const id = /^run:(\d+)$/.exec(model)?.[1];
		if (id === undefined) return;
		database
			.prepare('UPDATE runs SET predictions = ? WHERE id = ? AND project = ?')
			.run(count(project, model), Number(id), project);
	};

	return {
		put(project, model, list) {
			const unknown: string[] = [];
			const hasItem = database.prepare('SELECT 1 FROM items WHERE project = ? AND id = ?');
			const upsert = database.prepare(
				`INSERT INTO predictions (project, model, item, answer, confidence, scores) VALUES (?, ?, ?, ?, ?, ?)
				ON CONFLICT (project, model, item) DO UPDATE SET answer = excluded.answer,
				confidence = excluded.confidence, scores = excluded.scores`,
			);
			for (const { item, answer, confidence, scores } of list) {
				if (!hasItem.get(project, item)) unknown.push(item);
				else
					upsert.run(
						project,
						model,
						item,
						JSON.stringify(answer),
						confidence,
						scores ? JSON.stringify(scores) : null,
					);
			}
			updateRun(project, model);
			return { taken: list.length - unknown.length, unknown };
		},
		models: (project) =>
			database
				.prepare(
					'SELECT model, count(*) AS predictions FROM predictions WHERE project = ? GROUP BY model ORDER BY model',
				)
				.all(project) as { model: string; predictions: number }[],
		page({ project, model, split, order, after, limit }) {
			const isByItem = order === 'item';
			const [confidence, item] = after === undefined ? [] : (JSON.parse(after) as [number, string]);
			const sign = order === 'confident' ? '<' : '>';
			const passed = isByItem
				? 'p.item > ?5'
				: `(p.confidence ${sign} ?4 OR (p.confidence = ?4 AND p.item > ?5))`;
			const rows = database
				.prepare(
					`SELECT p.item, p.model, p.answer, p.confidence, p.scores, i.data, i.answer AS current
					FROM predictions p JOIN items i ON i.project = p.project AND i.id = p.item
					WHERE p.project = ?1 AND p.model = ?2 AND (?3 IS NULL OR i.split = ?3) AND i.is_withdrawn = 0
						AND (?5 IS NULL OR ${isByItem ? `(?4 IS NOT NULL AND ${passed})` : passed})
					ORDER BY ${isByItem ? '' : `p.confidence ${order === 'confident' ? 'DESC' : 'ASC'},`} p.item
					LIMIT ?6`,
				)
				.all(
					project,
					model,
					split ?? null,
					confidence ?? null,
					item ?? null,
					limit + 1,
				) as unknown as Stored[];
			const shown = rows.slice(0, limit).map(rowOf);
			const last = shown.at(-1);
			return {
				predictions: shown,
				total: count(project, model),
				...(rows.length > limit && last
					? { next: JSON.stringify([last.confidence, last.item]) }
					: {}),
			};
		},
		judge(project, model, answers) {
			const find = database.prepare(
				'SELECT answer FROM predictions WHERE project = ? AND model = ? AND item = ?',
			);
			const judged = answers.flatMap(({ item, split, answer }) => {
				const row = find.get(project, model, item);
				return row ? [{ split, isRight: isRight(read(row['answer'] as string), answer) }] : [];
			});
			return {
				right: judged.filter((one) => one.isRight).length,
				n: judged.length,
				splits: [...new Set(judged.map(({ split }) => split))],
			};
		},
	};
}

function rowOf(row: Stored): PredictionRow {
	const answer = read(row.answer);
	const current = row.current === null ? undefined : read(row.current);
	return {
		item: row.item,
		model: row.model,
		answer,
		confidence: row.confidence,
		...(row.scores === null
			? {}
			: { scores: JSON.parse(row.scores) as NonNullable<PredictionRow['scores']> }),
		data: JSON.parse(row.data) as NonNullable<PredictionRow['data']>,
		...(current ? { current, isRight: isRight(answer, current) } : {}),
	};
}

/** Right means: each tool that the model answers has the answer of the corpus. */
function isRight(predicted: Answer, current: Answer): boolean {
	const only: Record<string, Json> = {};
	for (const tool of Object.keys(predicted.values)) {
		const value = current.values[tool];
		if (value !== undefined) only[tool] = value;
	}
	return (
		Object.keys(predicted.values).length > 0 &&
		sameAnswer({ ...predicted, regions: [], texts: {} }, { values: only, regions: [], texts: {} })
	);
}

function read(text: string): Answer {
	return answerShape.parse(JSON.parse(text));
}
