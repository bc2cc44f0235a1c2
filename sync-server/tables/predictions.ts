import type { Prediction } from '#shared/api/prediction.ts';
import type { PredictionRow } from '#shared/api/replies.ts';
import type { Answer } from '#shared/schema/answer.ts';
import type { Split } from '#shared/numbers/split.ts';

/** What people said about an item by which models are judged. */
export interface HeldOutAnswer {
	readonly item: string;
	readonly split: Split;
	readonly answer: Answer;
}

export interface PredictionPage {
	readonly predictions: readonly PredictionRow[];
	readonly next?: string;
	readonly total: number;
}

export interface PredictionsTable {
	/** Keeps predictions of a model, the last one of an item wins. Answers which items the project does not have. */
	put(
		project: string,
		model: string,
		predictions: readonly Prediction[],
	): Promise<{ taken: number; unknown: string[] }>;
	/** Models that have predictions in a project, with how many. */
	models(project: string): Promise<{ model: string; predictions: number }[]>;
	page(query: {
		project: string;
		model: string;
		split?: Split | undefined;
		order: 'item' | 'doubtful' | 'confident';
		after?: string | undefined;
		limit: number;
	}): Promise<PredictionPage>;
	/** How a model's predictions compare with answers; an item that it did not predict counts for nothing. */
	judge(
		project: string,
		model: string,
		answers: readonly HeldOutAnswer[],
	): Promise<{ right: number; n: number; splits: readonly Split[] }>;
}
