import type { Tables } from '../tables/tables.ts';

const pagePredictions = 500;

/** Predictions of some models as JSON lines (design §5, `prediction`), page by page. */
export async function* predictionLines(
	tables: Pick<Tables, 'predictions'>,
	project: string,
	models: readonly string[],
): AsyncGenerator<string> {
	for (const model of models) {
		let after: string | undefined;
		do {
			const page = await tables.predictions.page({
				project,
				model,
				order: 'item',
				after,
				limit: pagePredictions,
			});
			after = page.next;
			// Field by field: a row also carries what the page shows beside it.
			yield page.predictions
				.map(({ item, answer, confidence, scores }) =>
					JSON.stringify({ item, model, answer, confidence, ...(scores ? { scores } : {}) }),
				)
				.map((line) => `${line}\n`)
				.join('');
		} while (after !== undefined);
	}
}
