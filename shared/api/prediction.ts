import { z } from 'zod';
import { answerShape } from '../schema/answer.ts';

const share = z.number().min(0).max(1);

/**
 * One line of a predictions file (design §5). The file of a run may leave `model` out: it is the run.
 * Only what the platform reads is looked at; other fields of a script's own are dropped.
 */
export const predictionShape = z.object({
	item: z.string().regex(/^[A-Za-z0-9._:-]{1,128}$/, 'not the id of an item'),
	model: z
		.string()
		.regex(/^[A-Za-z0-9._:/-]{1,128}$/, 'not the name of a model')
		.optional(),
	answer: answerShape,
	confidence: share,
	scores: z.record(z.string().max(64), z.record(z.string().max(64), share)).optional(),
});
export type Prediction = z.infer<typeof predictionShape>;
