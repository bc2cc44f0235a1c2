import { corpusLine } from '#shared/snapshot/layout.ts';
import type { Tables } from '../tables/tables.ts';

/** How many items are read at once: what an export holds in memory. */
const pageItems = 500;

/** The corpus of a project as JSON lines (design §5, `corpus`), page by page, in order of arrival. */
export async function* corpusLines(
	tables: Pick<Tables, 'items'>,
	project: string,
): AsyncGenerator<string> {
	for (let after = 0; ;) {
		const { items, last } = await tables.items.answered({ project, after, limit: pageItems });
		if (items.length === 0) return;
		after = last;
		let text = '';
		for (const item of items) {
			const { answer, by, source, at } = item;
			if (answer && by && source && at) text += `${corpusLine(item, { answer, by, source, at })}\n`;
		}
		yield text;
	}
}
