import type { ItemFilter } from '../items.ts';

/** A condition on `items`, with its values in order. */
export interface Condition {
	readonly sql: string;
	readonly values: readonly string[];
}

/** The condition for items of a project that a filter means. A number from outside never becomes part of the text. */
export function conditionOf(project: string, filter: ItemFilter): Condition {
	const parts: Condition[] = [{ sql: 'items.project = ?', values: [project] }];
	const also = (sql: string, ...values: string[]) => parts.push({ sql, values });
	switch (filter.state) {
		case undefined:
			break;
		case 'open':
			also(`items.standing = 'pool' AND items.open_batches > 0`);
			break;
		case 'pool':
			also(`items.standing = 'pool' AND items.open_batches = 0`);
			break;
		default:
			also('items.standing = ?', filter.state);
	}
	if (filter.split) also('items.split = ?', filter.split);
	if (filter.source) also('items.answer_source = ?', filter.source);
	if (filter.import) also('items.import = ?', filter.import);
	if (filter.batch)
		also(
			'items.id IN (SELECT item FROM batch_items WHERE batch = ? AND project = ?)',
			filter.batch,
			project,
		);
	if (filter.option)
		also(
			`EXISTS (SELECT 1 FROM json_each(items.answer, ?) WHERE value = ?)`,
			`$.values."${filter.option.tool.replaceAll('"', '')}"`,
			filter.option.option,
		);
	if (filter.q) also('instr(items.words, ?) > 0', filter.q.toLowerCase());
	return {
		sql: parts.map(({ sql }) => sql).join(' AND '),
		values: parts.flatMap(({ values }) => values),
	};
}
