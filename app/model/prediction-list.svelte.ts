import type { Api } from '#app/net/api.ts';
import type { PredictionRow } from '#shared/api/replies.ts';
import type { Split } from '#shared/numbers/split.ts';
import { PagedRows } from './paged-rows.svelte.ts';

const pageRows = 250;

export const predictionOrders = ['doubtful', 'confident', 'item'] as const;
export type PredictionOrder = (typeof predictionOrders)[number];

interface PredictionPage {
	readonly predictions: readonly PredictionRow[];
	readonly next?: string;
	readonly total: number;
}

interface PredictionListOptions {
	readonly api: Api;
	readonly project: string;
	readonly model: string;
	readonly order: PredictionOrder;
	readonly split: Split | undefined;
}

/** What a model said, paged by the server. */
export class PredictionList extends PagedRows<PredictionRow> {
	constructor({ api, project, model, order, split }: PredictionListOptions) {
		super(async (after, signal) => {
			const query = new URLSearchParams({ model, order, limit: String(pageRows) });
			if (split) query.set('split', split);
			if (after !== undefined) query.set('after', after);
			const path = `/api/projects/${project}/predictions?${query}`;
			const { predictions, next, total } = await api.get<PredictionPage>(path, { signal });
			return { rows: predictions, total, ...(next === undefined ? {} : { next }) };
		});
	}
}

export type Rightness = 'right' | 'wrong' | 'unknown';

/** Whether a prediction agrees with the corpus; unknown where the corpus has no answer. */
export function rightness({ isRight }: PredictionRow): Rightness {
	return isRight === undefined ? 'unknown' : isRight ? 'right' : 'wrong';
}

/** What a page of predictions shows, as it stands in its address. */
export interface PredictionView {
	/** `run:12` */
	readonly model: string | undefined;
	readonly order: PredictionOrder;
	readonly split: Split | undefined;
	readonly isWrongOnly: boolean;
}

export function readPredictionView(query: Pick<URLSearchParams, 'get'>): PredictionView {
	const order = predictionOrders.find((known) => known === query.get('order')) ?? 'doubtful';
	const split = (['train', 'valid', 'gate'] as const).find((known) => known === query.get('split'));
	return {
		model: query.get('model') ?? undefined,
		order,
		split,
		isWrongOnly: query.get('only') === 'wrong',
	};
}

export function writePredictionView({ model, order, split, isWrongOnly }: PredictionView): string {
	const query = new URLSearchParams();
	if (model) query.set('model', model);
	if (order !== 'doubtful') query.set('order', order);
	if (split) query.set('split', split);
	if (isWrongOnly) query.set('only', 'wrong');
	return query.toString();
}
